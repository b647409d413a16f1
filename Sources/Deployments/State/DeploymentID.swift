import Foundation

/// The id of one deployment: a UUID in lower case.
public struct DeploymentID: Sendable, Hashable, CustomStringConvertible {
    /// The UUID's text.
    public let text: String

    /// Creates a random id (RFC 9562 version 4).
    public init() {
        text = UUID().uuidString.lowercased()
    }

    /// Creates the id with that text; nil if it is not a UUID in lower case.
    public init?(_ text: String) {
        guard text.utf8.count == 36, text.utf8.enumerated().allSatisfy(Self.isInPlace) else {
            return nil
        }
        self.text = text
    }

    private static func isInPlace(_ index: Int, _ byte: UInt8) -> Bool {
        switch (index, byte) {
        case (8, _), (13, _), (18, _), (23, _): byte == UInt8(ascii: "-")
        case (_, UInt8(ascii: "0")...UInt8(ascii: "9")): true
        case (_, UInt8(ascii: "a")...UInt8(ascii: "f")): true
        default: false
        }
    }

    /// The id's text.
    public var description: String { text }
}
