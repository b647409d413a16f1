public import Deployments
public import Engine

/// What the docker client says about itself and about the engine that it reaches, for an administrator.
public struct EngineInspection: Sendable {
    /// Why the client cannot be run; nil if it can. Nothing else is known then.
    public var startFailure: String?
    /// The client's version, such as `28.2.2`; nil if it does not say.
    public var clientVersion: String?
    /// The engine's version; nil if it does not say.
    public var engineVersion: String?
    /// Why the engine does not answer; nil if it does.
    public var failure: EngineFailure?
    /// The name of the docker context that is used.
    public var context: String?
    /// The engine's address: `unix:///var/run/docker.sock`.
    public var address: String?
    /// Where the engine keeps images and containers on its machine.
    public var dataFolder: String?
    /// The engine's own time, as it writes it.
    public var time: String?
    /// This machine's time when the engine told its own.
    public var timeOfAnswer: Timestamp?

    /// The path of the engine's socket; nil if the engine is not reached through one.
    public var socket: String? {
        guard let address, address.hasPrefix("unix://") else { return nil }
        return String(address.dropFirst(7))
    }

    /// Nothing is known yet.
    public init() {}
}
