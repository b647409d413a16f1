/// Supplies the bytes of a command's standard input as the command takes them.
public protocol ByteSource: Sendable {
    /// Returns the next bytes, or nil at the end. It must return soon after its task is cancelled.
    /// If it throws, the command is ended, so that it does not take the input for complete.
    func next() async throws -> [UInt8]?

    /// Called after the command's pipe has taken `count` more bytes. The calls come in order,
    /// outside any actor, and must be quick.
    func accepted(_ count: Int)
}

extension ByteSource {
    /// Ignores the count.
    public func accepted(_ count: Int) {}
}
