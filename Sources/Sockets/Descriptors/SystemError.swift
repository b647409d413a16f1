internal import Glibc

/// A system call that failed.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The set of numbers that a code belongs to.
    public enum Domain: Hashable, Sendable {
        /// The numbers of `errno`.
        case system
        /// The numbers of `getaddrinfo`.
        case resolver
    }

    /// The error number.
    public let code: Int32
    /// The set of numbers that `code` belongs to.
    public let domain: Domain
    /// The operation that failed, such as `bind` or `listen`.
    public let operation: String
    /// The object of the operation, such as an address or a path; empty if there is nothing to
    /// name.
    public let subject: String

    /// Creates an error whose code is known.
    public init(
        code: Int32,
        domain: Domain = .system,
        operation: String,
        subject: String = ""
    ) {
        self.code = code
        self.domain = domain
        self.operation = operation
        self.subject = subject
    }

    /// The error of the last system call of this thread.
    static func current(_ operation: String, _ subject: String = "") -> SystemError {
        SystemError(code: errno, operation: operation, subject: subject)
    }

    /// The error that `getaddrinfo` has just returned for a host.
    static func resolving(_ host: String, _ code: Int32) -> SystemError {
        guard code != EAI_SYSTEM else { return .current("resolve", host) }
        return SystemError(code: code, domain: .resolver, operation: "resolve", subject: host)
    }

    /// The error as text: `bind 127.0.0.1:8000: Address already in use (98)`.
    public var description: String {
        let what = subject.isEmpty ? operation : "\(operation) \(subject)"
        return "\(what): \(reason) (\(code))"
    }

    /// The meaning of the code: `Address already in use`.
    public var reason: String {
        let words: UnsafePointer<CChar>? =
            switch domain {
            case .system: unsafe UnsafePointer(strerror(code))
            case .resolver: unsafe gai_strerror(code)
            }
        return unsafe words.map { unsafe String(cString: $0) } ?? "unknown error"
    }

    /// Whether the connection was refused because nothing listens there.
    public var isRefused: Bool { domain == .system && code == ECONNREFUSED }

    /// Whether another process holds the address.
    public var isAddressInUse: Bool { domain == .system && code == EADDRINUSE }
}
