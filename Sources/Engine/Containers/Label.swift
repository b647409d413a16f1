/// The labels by which Slipway finds its containers and volumes again.
public enum Label {
    /// The id of the deployment that the container belongs to.
    public static let deployment = "slipway.deployment"
    /// The token of the creation that made the container. The journal has the token before the
    /// container exists, and the container's id afterwards. A copy carries the same token, but has
    /// another id.
    public static let creation = "slipway.creation"
    /// The app's name.
    public static let app = "slipway.app"
    /// The environment's name.
    public static let environment = "slipway.environment"
    /// The tenant's name.
    public static let tenant = "slipway.tenant"
}
