/// The labels by which containers are found again.
public enum Label {
    /// Whose container it is: the deployment's id.
    public static let deployment = "slipway.deployment"
    /// The app's name.
    public static let app = "slipway.app"
    /// The environment's name.
    public static let environment = "slipway.environment"
    /// The tenant's name.
    public static let tenant = "slipway.tenant"
}
