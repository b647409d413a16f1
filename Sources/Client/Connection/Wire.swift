internal import Sockets

/// What a request has gone out by, and on which its answer comes.
@EventLoop
protocol Wire: AnyObject, Sendable {
    /// The bytes that have come since, at least one; none if it has ended.
    func receive() async throws(ClientError) -> [UInt8]

    /// Ends it; what waits is told. Once is enough, and more do no harm.
    func end()

    /// The error with which a request came to nothing, as whoever carried it knows it better. Ends it.
    func explanation(of error: ClientError) async -> ClientError
}
