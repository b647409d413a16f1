/// Takes secrets out of text that is kept or sent.
///
/// A secret is found as it is, and as programs write it for others to read: see `Escaping`, one
/// within the other up to three deep; in very long texts, one deep.
public struct Redactor: Sendable {
    /// In UTF-8, by first byte: what follows a secret must not hide it, as an accent that joins
    /// its last letter would in a comparison of characters.
    private let secrets: [[[UInt8]]]
    /// The ways in which any of the secrets is written otherwise than it is.
    private let escapings: [Escaping]
    /// The bytes of the longest secret; 0 without one.
    private let longestSecret: Int

    /// The most bytes that a secret is written in; 0 without one. Of a very long one not every byte
    /// is escaped.
    var longest: Int {
        guard !escapings.isEmpty else { return longestSecret }
        return max(
            min(longestSecret, Self.longSecret) * Self.widestEscape,
            longestSecret * Self.usualEscape
        )
    }

    /// What stands in a secret's place.
    public static let mask = "***"

    /// A value shorter than this is not worth hiding: its mask would riddle every line.
    public static let minimumLength = 6

    /// A line this long may have been cut by what has kept it, in the middle of a secret.
    private static let longLine = 1000
    private static let deepest = 3
    /// How many texts of one depth are looked at.
    private static let mostTexts = 6
    /// Bytes of an escape, beside others, for one of a secret.
    private static let widestEscape = 8
    private static let usualEscape = 3
    private static let longSecret = 2048
    /// Texts longer than this would take too much memory to be read in all ways.
    private static let longText = 262_144

    /// Masks the values, and each line of those that have several.
    public init(values: [String]) {
        var secrets: Set<String> = []
        for value in values {
            let lines = value.split(whereSeparator: \.isNewline).map(String.init)
            // Together they are what is left of the value where line breaks are taken out.
            for candidate in [value, lines.joined()] + lines
            where candidate.count >= Self.minimumLength {
                secrets.insert(candidate)
            }
        }
        let bytes = secrets.map { Array($0.utf8) }
        let odd = Set(bytes.joined()).filter { !$0.isAlphanumeric && $0 != UInt8(ascii: "_") }
        escapings =
            bytes.isEmpty || odd.isEmpty
            ? []
            : Escaping.allCases.filter { escaping in
                switch escaping {
                case .backslash, .percent, .reference: true
                case .form: odd.contains(0x20)
                case .quotes: odd.contains(UInt8(ascii: "'"))
                }
            }
        longestSecret = bytes.map(\.count).max() ?? 0
        var table = [[[UInt8]]](repeating: [], count: bytes.isEmpty ? 0 : 256)
        for secret in bytes { table[Int(secret[0])].append(secret) }
        self.secrets = table
    }

    /// The text with every secret replaced by the mask; those that overlap share one.
    public func redact(_ text: String) -> String {
        redact(lines: [text])[0]
    }

    /// The lines with every secret replaced by the mask, also one of which a line break has made
    /// two.
    ///
    /// - Parameter lastIsCut: whether the last line's end may be missing, and that of a secret
    ///   with it.
    public func redact(lines: [String], lastIsCut: Bool = false) -> [String] {
        guard !secrets.isEmpty, !lines.isEmpty else { return lines }
        let texts = lines.map { Array($0.utf8) }
        var found = places(in: Array(texts.joined()))
        var start = 0
        for (index, text) in texts.enumerated() {
            // An escape at the end of one line must not hide what the next begins with.
            if texts.count > 1 {
                found += places(in: text).map { $0.lowerBound + start..<$0.upperBound + start }
            }
            let isCut = text.count >= Self.longLine || lastIsCut && index == texts.count - 1
            if isCut, let place = beginning(in: text) {
                found.append(start + place..<start + text.count)
            }
            start += text.count
        }
        found = Self.merged(found)
        start = 0
        return texts.map { text in
            defer { start += text.count }
            let own = start..<start + text.count
            let places = found.map { $0.clamped(to: own) }.filter { !$0.isEmpty }
                .map { $0.lowerBound - start..<$0.upperBound - start }
            return String(decoding: Self.mask(text, places), as: UTF8.self)
        }
    }

    /// The bytes with every secret replaced by the mask, whatever else they are.
    func redact(_ bytes: [UInt8]) -> [UInt8] {
        Self.mask(bytes, places(in: bytes))
    }

    private static func mask(_ bytes: [UInt8], _ places: [Range<Int>]) -> [UInt8] {
        guard !places.isEmpty else { return bytes }
        var kept: [UInt8] = []
        var end = 0
        for place in places {
            kept += bytes[end..<place.lowerBound]
            kept += Self.mask.utf8
            end = place.upperBound
        }
        return kept + bytes[end...]
    }

    /// Where secrets stand, in order; those that overlap are one place.
    func places(in bytes: [UInt8]) -> [Range<Int>] {
        guard !secrets.isEmpty else { return [] }
        var places: [Range<Int>] = []
        for text in readings(of: bytes) {
            places += find(in: text.bytes).map(text.original)
        }
        return Self.merged(places)
    }

    /// The text as it is, and with its escapes undone in every way.
    private func readings(of bytes: [UInt8]) -> [Unescaped] {
        var all = [Unescaped(bytes)]
        var seen: Set<[UInt8]> = []
        var last = all[...]
        for _ in 0..<(bytes.count > Self.longText ? 1 : Self.deepest) {
            var next: [Unescaped] = []
            for text in last {
                for escaping in escapings where next.count < Self.mostTexts {
                    guard let inner = text.undoing(escaping), seen.insert(inner.bytes).inserted
                    else { continue }
                    next.append(inner)
                }
            }
            if next.isEmpty { break }
            all += next
            last = next[...]
        }
        return all
    }

    /// Where secrets stand as they are. Where looking would take too long, as in a text that is made
    /// of nothing but a secret's beginnings, all the rest is taken for one.
    private func find(in bytes: [UInt8]) -> [Range<Int>] {
        var places: [Range<Int>] = []
        var effort = Self.effort(bytes)
        for index in bytes.indices {
            let candidates = secrets[Int(bytes[index])]
            if candidates.isEmpty { continue }
            var longest = 0
            for secret in candidates {
                let count = Self.common(bytes, index, secret)
                effort -= count
                if count == secret.count { longest = max(longest, count) }
            }
            guard effort > 0 else {
                places.append(index..<bytes.count)
                break
            }
            if longest > 0 { places.append(index..<index + longest) }
        }
        return places
    }

    /// Where the text ends with a secret's beginning that is too long to be told; nil if it does
    /// not.
    private func beginning(in bytes: [UInt8]) -> Int? {
        // An escape may have been cut too.
        let tail = bytes.suffix(12)
        let trigger = tail.lastIndex { byte in escapings.contains { $0.begins(byte) } }
        var first: Int?
        for end in [bytes.count, trigger ?? bytes.count] {
            let start = max(0, end - longest)
            for text in readings(of: Array(bytes[start..<end])) {
                guard let place = partial(in: text.bytes) else { continue }
                let part = text.original(place..<text.bytes.count)
                first = min(first ?? .max, start + part.lowerBound)
            }
        }
        return first
    }

    private func partial(in bytes: [UInt8]) -> Int? {
        var effort = Self.effort(bytes)
        let start = max(0, bytes.count - longestSecret)
        for index in bytes.indices[start...].dropLast(Self.minimumLength - 1) {
            for secret in secrets[Int(bytes[index])] {
                let count = Self.common(bytes, index, secret)
                effort -= count
                if count == bytes.count - index || effort < 0 { return index }
            }
        }
        return nil
    }

    /// How many bytes may be compared to look through a text.
    private static func effort(_ bytes: [UInt8]) -> Int { 65_536 + 128 * bytes.count }

    /// How many bytes from the index on are the secret's first; at least one.
    private static func common(_ bytes: [UInt8], _ index: Int, _ secret: [UInt8]) -> Int {
        let most = min(secret.count, bytes.count - index)
        var count = 1
        while count < most, bytes[index + count] == secret[count] { count += 1 }
        return count
    }

    private static func merged(_ places: [Range<Int>]) -> [Range<Int>] {
        var merged: [Range<Int>] = []
        for place in places.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, place.lowerBound < last.upperBound {
                merged[merged.count - 1] =
                    last.lowerBound..<max(last.upperBound, place.upperBound)
            } else {
                merged.append(place)
            }
        }
        return merged
    }
}
