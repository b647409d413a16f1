internal import Glibc

/// A system call that failed.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The `errno` of the failure.
    public let code: Int32
    /// What was being done, as a person would say it: `bind`, `listen`.
    public let operation: String
    /// What it was done to: an address, a path; empty where there is nothing to name.
    public let subject: String

    /// A failure whose code is known.
    public init(code: Int32, operation: String, subject: String = "") {
        self.code = code
        self.operation = operation
        self.subject = subject
    }

    /// The failure that the calling thread has just met.
    static func current(_ operation: String, _ subject: String = "") -> SystemError {
        SystemError(code: errno, operation: operation, subject: subject)
    }

    /// `bind 127.0.0.1:8000: Address already in use (98)`.
    public var description: String {
        let what = subject.isEmpty ? operation : "\(operation) \(subject)"
        return "\(what): \(reason) (\(code))"
    }

    /// What the code means: `Address already in use`.
    public var reason: String {
        unsafe strerror(code).map { unsafe String(cString: $0) } ?? "unknown error"
    }

    /// Whether another process holds the address.
    public var isAddressInUse: Bool { code == EADDRINUSE }
}
