/// The other end of a connection.
public enum Peer: Hashable, Sendable {
    /// An IP address as text, without a port.
    case ip(String)
    /// A process of this machine, connected through a Unix socket.
    case unix
}
