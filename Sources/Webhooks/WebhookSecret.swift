internal import Deployments
internal import Foundation

/// A secret that signs messages according to Standard Webhooks: HMAC-SHA256, signatures of version
/// 1.
public struct WebhookSecret: Sendable, CustomStringConvertible, CustomReflectable {
    private let key: [UInt8]

    private static let prefix = "whsec_"

    /// Parses the base64 text of 24 to 64 bytes after `whsec_`, which may be missing, because
    /// receivers accept that, too; nil for anything else.
    public init?(_ text: String) {
        let digits = text.hasPrefix(Self.prefix) ? text.dropFirst(Self.prefix.count) : text[...]
        guard let key = Data(base64Encoded: String(digits)), (24...64).contains(key.count)
        else { return nil }
        self.key = Array(key)
    }

    /// The signature of a message: `v1,` followed by base64 text.
    ///
    /// - Parameters:
    ///   - id: the message's id, which must not contain a full stop.
    ///   - time: the time of the attempt, in seconds since 1970.
    public func signature(id: String, time: Int64, body: [UInt8]) -> String {
        let hash = SHA256.hmac(Array("\(id).\(time).".utf8) + body, key: key)
        return "v1,\(Data(hash).base64EncodedString())"
    }

    /// A description that prints nothing of the secret.
    public var description: String { "\(Self.prefix)…" }

    /// A mirror that shows nothing of the secret.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
