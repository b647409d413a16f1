internal import Sockets

/// The connection or child process that carries a request and its answer.
@EventLoop
protocol Transport: AnyObject, Sendable {
    /// The bytes that have arrived since the last call, at least one; none if the transport has ended.
    func receive() async throws(ClientError) -> [UInt8]

    /// Ends the transport; whoever waits for it is resumed. Further calls do nothing.
    func end()

    /// Ends the transport, and gives the reason of a failed request, which the transport may know more exactly.
    func explanation(of error: ClientError) async -> ClientError
}
