/// What has come of a webhook's messages since the server was started.
public struct WebhookCounts: Sendable, Equatable {
    /// Whose they are: the URL's origin.
    public let receiver: String
    /// Those that the receiver has.
    public internal(set) var delivered = 0
    /// Attempts that were in vain.
    public internal(set) var failedAttempts = 0
    /// Those that were tried for as long as any is, and in vain.
    public internal(set) var givenUp = 0
    /// Those whose deployment was forgotten before they could be sent.
    public internal(set) var forgotten = 0
    /// Those that are to be sent, as far as the journal has been read for them.
    public internal(set) var pending = 0

    init(receiver: String) {
        self.receiver = receiver
    }
}
