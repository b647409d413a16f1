internal import Glibc

/// A system call that failed.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Whose numbers a code is one of.
    public enum Domain: Hashable, Sendable {
        /// `errno`.
        case system
        /// `getaddrinfo`'s own.
        case resolver
    }

    /// The number of the failure.
    public let code: Int32
    /// What the number means something in.
    public let domain: Domain
    /// What was being done, as a person would say it: `bind`, `listen`.
    public let operation: String
    /// What it was done to: an address, a path; empty if there is nothing to name.
    public let subject: String

    /// A failure whose code is known.
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

    /// The failure that the calling thread has just met.
    static func current(_ operation: String, _ subject: String = "") -> SystemError {
        SystemError(code: errno, operation: operation, subject: subject)
    }

    /// What `getaddrinfo` has just given for a host.
    static func resolving(_ host: String, _ code: Int32) -> SystemError {
        guard code != EAI_SYSTEM else { return .current("resolve", host) }
        return SystemError(code: code, domain: .resolver, operation: "resolve", subject: host)
    }

    /// `bind 127.0.0.1:8000: Address already in use (98)`.
    public var description: String {
        let what = subject.isEmpty ? operation : "\(operation) \(subject)"
        return "\(what): \(reason) (\(code))"
    }

    /// What the code means: `Address already in use`.
    public var reason: String {
        let words: UnsafePointer<CChar>? =
            switch domain {
            case .system: unsafe UnsafePointer(strerror(code))
            case .resolver: unsafe gai_strerror(code)
            }
        return unsafe words.map { unsafe String(cString: $0) } ?? "unknown error"
    }

    /// Whether nothing listens there.
    public var isRefused: Bool { domain == .system && code == ECONNREFUSED }

    /// Whether another process holds the address.
    public var isAddressInUse: Bool { domain == .system && code == EADDRINUSE }
}
