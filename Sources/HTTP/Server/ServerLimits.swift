/// What the server takes from its clients, in bytes, counts and time.
public struct ServerLimits: Sendable {
    /// The field section, names and values; beyond it 431.
    public var headerBytes = 16_384
    /// The request target; beyond it 414.
    public var targetBytes = 8_192
    /// The field lines; beyond it 431.
    public var headerCount = 100
    /// The content; beyond it 413.
    public var bodyBytes = 1 << 20
    /// The content of a request by its method and its path's segments.
    public var content: @Sendable (Method, [String]) -> ContentLimit = { _, _ in .whole(.max) }
    /// What requests that are not whole and answers that are not taken may hold together. Beyond it
    /// a content is answered 503, and whoever does not take an answer is cut off; what comes and
    /// goes at once is served all the same.
    public var heldBytes = 256 << 20
    /// From a request's first byte to the end of its fields; then 408.
    public var headerTimeout = Duration.seconds(10)
    /// Without a byte of a content that is due (then 408), or of a response that is not taken.
    public var bodyTimeout = Duration.seconds(30)
    /// How many bytes of either must be through a second, once `bodyTimeout` has gone by since it
    /// began: else a byte now and then would hold a connection for ever.
    public var leastBytesPerSecond = 1000
    /// Between two requests of one connection.
    public var idleTimeout = Duration.seconds(75)
    /// How long a handler goes on for a client that has ended its side: it may only have
    /// finished sending. Then the handler is cancelled.
    public var halfCloseGrace = Duration.seconds(1)
    /// How long a connection that the server has ended is drained, so that its last answer is
    /// not lost to a reset.
    public var lingerTimeout = Duration.seconds(2)
    /// How long `stop` lets answers and streams run out.
    public var stopTimeout = Duration.seconds(5)
    /// Connections at once, streams among them, as far as the descriptors go. For one more, that
    /// which has been idle longest is closed; if none is, the new one is answered 503.
    public var connections = 20_000
    /// Those of one address; beyond it 429. Nil for half of all: one client alone cannot take
    /// them all, and a proxy can pass on as many streams as there may be.
    public var connectionsPerAddress: Int?
    /// Whether that holds for this machine itself too, where a proxy may stand in front.
    public var countsLoopback = false
    /// How long a connection must have been idle to be closed for a new one.
    public var leastIdle = Duration.seconds(1)
    /// Event streams at once; beyond it 503.
    public var eventStreams = 10_000
    /// The silence on an event stream after which a heartbeat is sent.
    public var heartbeat = Duration.seconds(15)

    /// The limits as documented.
    public init() {}
}
