/// Bytes for a command's standard input, asked for as the command takes them.
public protocol ByteSource: Sendable {
    /// The next bytes; nil at the end. Must return soon once its task is cancelled. Where it
    /// throws, the command is ended rather than told that the input is complete.
    func next() async throws -> [UInt8]?

    /// The command's pipe has taken so many bytes more. Called in order, off any actor; must be
    /// quick.
    func accepted(_ count: Int)
}

extension ByteSource {
    /// Ignores the count.
    public func accepted(_ count: Int) {}
}
