/// The place in a channel at which a response begins.
public struct EventSubscription: Sendable {
    /// The channel.
    public let channel: EventChannel
    /// The response sends the events with ids greater than this one.
    public let after: Int64

    /// Subscribes to the channel's events with an id greater than `after`, stored ones first and
    /// then new ones.
    public init(channel: EventChannel, after: Int64) {
        self.channel = channel
        self.after = after
    }
}
