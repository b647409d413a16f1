/// The labels by which containers are found again.
public enum Label {
    /// Whose container it is: the deployment's id.
    public static let deployment = "slipway.deployment"
    /// The token of the creation that it comes from. The journal keeps the token before the
    /// container is there, and its id after that: a copy carries the token, and has another id.
    public static let creation = "slipway.creation"
    /// The app's name.
    public static let app = "slipway.app"
    /// The environment's name.
    public static let environment = "slipway.environment"
    /// The tenant's name.
    public static let tenant = "slipway.tenant"
}
