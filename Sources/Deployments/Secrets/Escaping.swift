/// A way in which programs write text so that something else can read it.
enum Escaping: CaseIterable {
    /// A backslash, as in JSON (RFC 8259 section 7), Go's `%q` and C, or before any other character
    /// as in shells.
    case backslash
    /// Percent-encoding (RFC 3986 section 2.1).
    case percent
    /// Percent-encoding with `+` for a blank (`application/x-www-form-urlencoded` of the URL
    /// standard).
    case form
    /// Character references of XML and HTML.
    case reference
    /// A single quote within single quotes, as in shells.
    case quotes

    /// Whether an escape can begin with the byte.
    func begins(_ byte: UInt8) -> Bool {
        switch self {
        case .backslash: byte == UInt8(ascii: "\\")
        case .percent: byte == UInt8(ascii: "%")
        case .form: byte == UInt8(ascii: "%") || byte == UInt8(ascii: "+")
        case .reference: byte == UInt8(ascii: "&")
        case .quotes: byte == UInt8(ascii: "'")
        }
    }

    /// The meaning of the escape at the index and its length; nil if there is none.
    func piece(_ text: [UInt8], _ index: Int) -> (meaning: [UInt8], length: Int)? {
        let rest = text[index...].dropFirst()
        switch self {
        case .backslash: return Self.backslash(rest).map { ($0.0, $0.1 + 1) }
        case .form where text[index] == UInt8(ascii: "+"): return ([0x20], 1)
        case .percent, .form:
            guard let byte = Self.number(rest.prefix(2), radix: 16), rest.count >= 2 else {
                return nil
            }
            return ([UInt8(byte)], 3)
        case .reference:
            let name = rest.prefix(10).prefix { $0 != UInt8(ascii: ";") }
            guard name.endIndex < text.count, text[name.endIndex] == UInt8(ascii: ";") else {
                return nil
            }
            return Self.referent(name).map { ($0, name.count + 2) }
        case .quotes:
            for sequence in [#"'\''"#, #"'"'"'"#] where text[index...].starts(with: sequence.utf8) {
                return ([UInt8(ascii: "'")], sequence.utf8.count)
            }
            return nil
        }
    }

    /// The meaning of the text after a backslash, and its length.
    private static func backslash(_ rest: ArraySlice<UInt8>) -> ([UInt8], Int)? {
        guard let letter = rest.first else { return nil }
        let controls: [UInt8: UInt8] = [
            UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "t"): 9,
            UInt8(ascii: "n"): 10, UInt8(ascii: "v"): 11, UInt8(ascii: "f"): 12,
            UInt8(ascii: "r"): 13, UInt8(ascii: "e"): 27, UInt8(ascii: "E"): 27,
        ]
        if let control = controls[letter] { return ([control], 1) }
        switch letter {
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            let digits = rest.prefix(3).prefix { (UInt8(ascii: "0")...UInt8(ascii: "7")) ~= $0 }
            guard let value = number(digits, radix: 8), value < 256 else { return nil }
            return ([UInt8(value)], digits.count)
        case UInt8(ascii: "x"):
            let digits = rest.dropFirst().prefix(2).prefix(while: isHex)
            guard let value = number(digits, radix: 16) else { return nil }
            return ([UInt8(value)], 1 + digits.count)
        case UInt8(ascii: "u"): return unicode(rest)
        case UInt8(ascii: "U"):
            let digits = rest.dropFirst().prefix(8)
            guard digits.count == 8, let bytes = scalar(number(digits, radix: 16)) else {
                return nil
            }
            return (bytes, 9)
        default:
            return letter.isAlphanumeric ? nil : ([letter], 1)
        }
    }

    /// The meaning of `u00e9`, `ud83d\ude00` or `u{e9}`.
    private static func unicode(_ rest: ArraySlice<UInt8>) -> ([UInt8], Int)? {
        if rest.dropFirst().first == UInt8(ascii: "{") {
            let digits = rest.dropFirst(2).prefix(8).prefix(while: isHex)
            guard rest.dropFirst(2 + digits.count).first == UInt8(ascii: "}"),
                let bytes = scalar(number(digits, radix: 16))
            else { return nil }
            return (bytes, 3 + digits.count)
        }
        guard let unit = unit(rest) else { return nil }
        if let bytes = scalar(unit) { return (bytes, 5) }
        let second = rest.dropFirst(5)
        guard UTF16.isLeadSurrogate(UInt16(unit)), second.first == UInt8(ascii: "\\"),
            let low = Self.unit(second.dropFirst()), UTF16.isTrailSurrogate(UInt16(low)),
            let bytes = scalar(0x1_0000 + (unit - 0xD800) << 10 + (low - 0xDC00))
        else { return nil }
        return (bytes, 11)
    }

    /// The number of `u` and four digits.
    private static func unit(_ text: ArraySlice<UInt8>) -> UInt32? {
        let digits = text.dropFirst().prefix(4)
        guard text.first == UInt8(ascii: "u"), digits.count == 4 else { return nil }
        return number(digits, radix: 16)
    }

    private static func referent(_ name: ArraySlice<UInt8>) -> [UInt8]? {
        let named: [String: UInt8] = [
            "lt": UInt8(ascii: "<"), "gt": UInt8(ascii: ">"), "amp": UInt8(ascii: "&"),
            "quot": UInt8(ascii: "\""), "apos": UInt8(ascii: "'"),
        ]
        guard name.first == UInt8(ascii: "#") else {
            return named[String(decoding: name, as: UTF8.self)].map { [$0] }
        }
        let digits = name.dropFirst()
        if digits.first == UInt8(ascii: "x") || digits.first == UInt8(ascii: "X") {
            return scalar(number(digits.dropFirst(), radix: 16))
        }
        return scalar(number(digits, radix: 10))
    }

    private static func scalar(_ number: UInt32?) -> [UInt8]? {
        guard let number, let scalar = Unicode.Scalar(number) else { return nil }
        return Array(String(scalar).utf8)
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        Character(Unicode.Scalar(byte)).isHexDigit
    }

    /// The number that at most eight digits stand for; nil if they are not digits.
    private static func number(_ digits: ArraySlice<UInt8>, radix: Int) -> UInt32? {
        guard digits.allSatisfy(\.isAlphanumeric) else { return nil }
        return UInt32(String(decoding: digits, as: UTF8.self), radix: radix)
    }
}
