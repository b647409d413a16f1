/// Something that happened to a container.
public struct ContainerEvent: Sendable, Equatable {
    /// What happened.
    public enum Kind: Sendable, Hashable {
        /// Its program was started.
        case started
        /// Its program has ended, with this exit status; nil if the engine does not tell it.
        case ended(exitCode: Int?)
        /// Its program was sent a signal. `isEnding` holds if programs are told to end by it; the other
        /// signals mean something else to most programs.
        case signalled(isEnding: Bool)
        /// It was removed.
        case removed
        /// Its health check has a new result; nil if the engine's word for it is not known.
        case healthChanged(to: Container.Health?)
        /// Its program is suspended.
        case paused
        /// Its program is no longer suspended.
        case resumed
        /// Anything else, by the engine's word for it.
        case other(String)
    }

    /// What happened.
    public var kind: Kind
    /// The container's id: all 64 characters.
    public var containerID: String
    /// The container's labels, and what the engine adds to them, such as its `name`.
    public var attributes: [String: String]
    /// When it happened by the engine's clock.
    public var time: EventTime

    /// Something that happened.
    public init(
        _ kind: Kind,
        containerID: String,
        attributes: [String: String] = [:],
        time: EventTime
    ) {
        self.kind = kind
        self.containerID = containerID
        self.attributes = attributes
        self.time = time
    }
}
