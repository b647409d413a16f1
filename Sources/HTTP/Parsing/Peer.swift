/// Who is at the other end of a connection.
public enum Peer: Hashable, Sendable {
    /// An address as text, without a port.
    case ip(String)
    /// A process of this machine, over a Unix socket.
    case unix
}
