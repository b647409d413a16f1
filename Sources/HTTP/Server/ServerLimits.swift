/// The limits on what the server takes from its clients: bytes, counts and times.
public struct ServerLimits: Sendable {
    /// The bytes of the field section, names and values; a larger one is answered 431.
    public var headerBytes = 16_384
    /// The bytes of the request target; a longer one is answered 414.
    public var targetBytes = 8_192
    /// The number of field lines; more are answered 431.
    public var headerCount = 100
    /// The bytes of the content; a larger one is answered 413.
    public var bodyBytes = 1 << 20
    /// The limit of a request's content, by its method and the segments of its path.
    public var content: @Sendable (Method, [String]) -> ContentLimit = { _, _ in .whole(.max) }
    /// The bytes that incomplete requests and answers that are not taken may hold together. If they
    /// hold more, a content is answered 503, and a client that does not take an answer is cut off.
    /// Requests that come and are answered at once are served nevertheless.
    public var heldBytes = 256 << 20
    /// The time from a request's first byte to the end of its fields; then it is answered 408.
    public var headerTimeout = Duration.seconds(10)
    /// The time without a byte of a content that is due (then 408), or of a response that is not
    /// taken.
    public var bodyTimeout = Duration.seconds(30)
    /// The average rate of either after `bodyTimeout`. Without it, a byte now and then could hold a
    /// connection for ever.
    public var leastBytesPerSecond = 1000
    /// The idle time between two requests of one connection.
    public var idleTimeout = Duration.seconds(75)
    /// The time that a handler goes on after the client has ended its side, because the client may
    /// only have finished sending. Then the handler is cancelled.
    public var halfCloseGrace = Duration.seconds(1)
    /// The time that a connection which the server has ended is still drained, so that its last
    /// answer is not lost to a reset.
    public var lingerTimeout = Duration.seconds(2)
    /// The time that `stop` gives answers and streams to end.
    public var stopTimeout = Duration.seconds(5)
    /// The number of connections at once, including streams, as far as descriptors allow. For one
    /// more, the connection that has been idle longest is closed; if none is idle, the new one is
    /// answered 503.
    public var connections = 20_000
    /// The number of connections from one address; more are answered 429. If it is nil, the limit
    /// is half of all: one client alone cannot take all connections, and a proxy can still pass on
    /// as many streams as are allowed.
    public var connectionsPerAddress: Int?
    /// Whether that limit also holds for this machine itself, where a proxy may run.
    public var countsLoopback = false
    /// The time that a connection must have been idle before it is closed for a new one.
    public var leastIdle = Duration.seconds(1)
    /// The number of event streams at once; more are answered 503.
    public var eventStreams = 10_000
    /// The silence on an event stream after which a heartbeat is sent.
    public var heartbeat = Duration.seconds(15)

    /// Creates the limits with their documented defaults.
    public init() {}
}
