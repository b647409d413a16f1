internal import Deployments
internal import Foundation

/// What messages are signed with, as Standard Webhooks has it: HMAC-SHA256, signatures of version 1.
public struct WebhookSecret: Sendable, CustomStringConvertible, CustomReflectable {
    private let key: [UInt8]

    private static let prefix = "whsec_"

    /// Reads the base64 text of 24 to 64 bytes, after `whsec_` or, as receivers take it too,
    /// without; nil for anything else.
    public init?(_ text: String) {
        let digits = text.hasPrefix(Self.prefix) ? text.dropFirst(Self.prefix.count) : text[...]
        guard let key = Data(base64Encoded: String(digits)), (24...64).contains(key.count)
        else { return nil }
        self.key = Array(key)
    }

    /// The signature of a message: `v1,` and base64 text.
    ///
    /// - Parameters:
    ///   - id: without a full stop.
    ///   - time: of the attempt, in seconds since 1970.
    public func signature(id: String, time: Int64, body: [UInt8]) -> String {
        let hash = SHA256.hmac(Array("\(id).\(time).".utf8) + body, key: key)
        return "v1,\(Data(hash).base64EncodedString())"
    }

    /// Nothing of it.
    public var description: String { "\(Self.prefix)…" }

    /// Nothing of it.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
