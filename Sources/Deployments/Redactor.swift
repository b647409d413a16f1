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
        return String(decoding: redact(Array(text.utf8)), as: UTF8.self)
    }

    /// The bytes with every secret replaced by the mask, whatever else they are.
    func redact(_ bytes: [UInt8]) -> [UInt8] {
        var kept: [UInt8] = []
        var end = 0
        for place in places(in: bytes) {
            kept += bytes[end..<place.lowerBound]
            kept += Self.mask.utf8
            end = place.upperBound
        }
        return end == 0 ? bytes : kept + bytes[end...]
    }

    /// Where secrets stand, in order; those that overlap are one place.
    func places(in bytes: [UInt8]) -> [Range<Int>] {
        guard !secrets.isEmpty else { return [] }
        var places: [Range<Int>] = []
        for (index, byte) in bytes.enumerated() {
            guard let candidates = secrets[byte] else { continue }
            let found = candidates.filter { bytes[index...].starts(with: $0) }
            guard let length = found.map(\.count).max() else { continue }
            if let last = places.last, index < last.upperBound {
                places[places.count - 1] =
                    last.lowerBound..<max(last.upperBound, index + length)
            } else {
                places.append(index..<index + length)
            }
        }
        return places
    }

    /// The length of the longest secret in bytes; 0 without one.
    var longest: Int {
        secrets.values.joined().map(\.count).max() ?? 0
    }
}
