/// Takes secrets out of text that is kept or sent.
public struct Redactor: Sendable {
    /// In UTF-8, by first byte: what follows a secret must not hide it, as an accent that joins
    /// its last letter would in a comparison of characters.
    private let secrets: [UInt8: [[UInt8]]]

    /// What stands in a secret's place.
    public static let mask = "***"

    /// A value shorter than this is not worth hiding: its mask would riddle every line.
    public static let minimumLength = 6

    /// Masks the values, and each line of those that have several.
    public init(values: [String]) {
        var secrets: Set<String> = []
        for value in values {
            let lines = value.split(whereSeparator: \.isNewline).map(String.init)
            for candidate in [value] + lines where candidate.count >= Self.minimumLength {
                secrets.insert(candidate)
            }
        }
        self.secrets = Dictionary(grouping: secrets.map { Array($0.utf8) }) { $0[0] }
    }

    /// The text with every secret replaced by the mask; those that overlap share one.
    public func redact(_ text: String) -> String {
        guard !secrets.isEmpty else { return text }
        let bytes = Array(text.utf8)
        var kept: [UInt8] = []
        var end = 0
        for (index, byte) in bytes.enumerated() {
            let lengths = (secrets[byte] ?? []).lazy
                .filter { bytes[index...].starts(with: $0) }
                .map(\.count)
            if let length = lengths.max() {
                if index >= end { kept += Self.mask.utf8 }
                end = max(end, index + length)
            } else if index >= end {
                kept.append(byte)
            }
        }
        return String(decoding: kept, as: UTF8.self)
    }
}
