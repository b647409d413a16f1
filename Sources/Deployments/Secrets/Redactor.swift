/// Removes secrets from text that is stored or sent.
///
/// A secret is found as it is, and in the forms in which programs write it for others (see
/// `Escaping`). Up to three escapings may be nested, in very long texts one.
public struct Redactor: Sendable {
    /// The secrets in UTF-8, by their first byte. They are compared as bytes, so that the text
    /// after a secret cannot hide it, as a combining accent could if characters were compared.
    private let secrets: [[[UInt8]]]
    /// The escapings that change any of the secrets.
    private let escapings: [Escaping]
    /// The length of the longest secret in bytes; 0 if there is none.
    private let longestSecret: Int

    /// The greatest number of bytes in which a secret is written; 0 if there is none. In a very
    /// long secret not every byte is assumed to be escaped.
    var longest: Int {
        guard !escapings.isEmpty else { return longestSecret }
        return max(
            min(longestSecret, Self.longSecret) * Self.widestEscape,
            longestSecret * Self.usualEscape
        )
    }

    /// The text that replaces a secret.
    public static let mask = "***"

    /// A value shorter than this is not masked, because that would mask parts of most lines.
    public static let minimumLength = 6

    /// A line this long may have been cut, possibly within a secret.
    private static let longLine = 1000
    private static let deepest = 3
    /// The greatest number of texts of one depth that are searched.
    private static let mostTexts = 6
    /// The number of bytes of an escape for one byte of a secret, if others are escaped, too.
    private static let widestEscape = 8
    private static let usualEscape = 3
    private static let longSecret = 2048
    /// Texts longer than this would take too much memory to be unescaped in all ways.
    private static let longText = 262_144

    /// Creates a redactor of the values. If a value has several lines, each line is masked, too.
    public init(values: [String]) {
        var secrets: Set<String> = []
        for value in values {
            let lines = value.split(whereSeparator: \.isNewline).map(String.init)
            // Joined, the lines are the value without its line breaks.
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

    /// Replaces every secret in the text by the mask; overlapping secrets share one.
    public func redact(_ text: String) -> String {
        redact(lines: [text])[0]
    }

    /// Replaces every secret in the lines by the mask, even if a line break splits the secret.
    ///
    /// - Parameter lastIsCut: whether the end of the last line may be missing, and with it the end
    ///   of a secret.
    public func redact(lines: [String], lastIsCut: Bool = false) -> [String] {
        guard !secrets.isEmpty, !lines.isEmpty else { return lines }
        let texts = lines.map { Array($0.utf8) }
        var found = places(in: Array(texts.joined()))
        var start = 0
        for (index, text) in texts.enumerated() {
            // An escape at the end of one line must not hide the beginning of the next.
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

    /// Replaces every secret in any bytes by the mask.
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

    /// The places of secrets in order; overlapping secrets form one place.
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

    /// The places of secrets as they are. If the search would take too long, as in a text that
    /// consists of a secret's beginning again and again, all the rest counts as a secret.
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

    /// The position at which the text ends with the beginning of a secret, if that is too long to
    /// be chance; nil otherwise.
    private func beginning(in bytes: [UInt8]) -> Int? {
        // An escape may have been cut, too.
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

    /// The number of bytes that may be compared in the search through a text.
    private static func effort(_ bytes: [UInt8]) -> Int { 65_536 + 128 * bytes.count }

    /// The number of bytes from the index on that equal the beginning of the secret; at least one.
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
