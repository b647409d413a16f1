internal import Sockets

/// The connection or child process that carries a request and its answer.
@EventLoop
protocol Wire: AnyObject, Sendable {
    /// The bytes that have arrived since the last call, at least one; none if the wire has ended.
    func receive() async throws(ClientError) -> [UInt8]

    /// Ends the wire; whoever waits for it is resumed. Further calls do nothing.
    func end()

    /// Ends the wire, and gives the reason of a failed request, which the wire may know more exactly.
    func explanation(of error: ClientError) async -> ClientError
}
