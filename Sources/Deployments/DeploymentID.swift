import Foundation

/// Names one deployment: a UUID in lower case.
public struct DeploymentID: Sendable, Hashable, CustomStringConvertible {
    /// The UUID's text.
    public let text: String

    /// A new random id (RFC 9562 version 4).
    public init() {
        text = UUID().uuidString.lowercased()
    }

    /// The id with that text; nil where it is not a UUID in lower case.
    public init?(_ text: String) {
        guard text == text.lowercased(), UUID(uuidString: text) != nil else { return nil }
        self.text = text
    }

    /// The id's text.
    public var description: String { text }
}
