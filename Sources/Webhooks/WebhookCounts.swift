/// The counts of a webhook's messages since the server's start.
public struct WebhookCounts: Sendable, Equatable {
    /// The receiver: the origin of its URL.
    public let receiver: String
    /// The number of delivered messages.
    public internal(set) var delivered = 0
    /// The number of failed attempts.
    public internal(set) var failedAttempts = 0
    /// The number of messages that were given up after failing for the longest time allowed.
    public internal(set) var givenUp = 0
    /// The number of messages whose deployment was forgotten before they could be sent.
    public internal(set) var forgotten = 0
    /// The number of messages still to be sent, of those that were read from the journal.
    public internal(set) var pending = 0

    init(receiver: String) {
        self.receiver = receiver
    }
}
