/// A place in a channel from which a response goes on.
public struct EventSubscription: Sendable {
    /// The channel.
    public let channel: EventChannel
    /// The id behind which the events begin.
    public let after: Int64

    /// The channel's events with a greater id, then live.
    public init(channel: EventChannel, after: Int64) {
        self.channel = channel
        self.after = after
    }
}
