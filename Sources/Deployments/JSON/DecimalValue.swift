/// The exact value of a JSON number of any size (RFC 8259 section 6).
struct DecimalValue: Equatable {
    private let isNegative: Bool
    /// The digits without zeros at either end; empty for 0.
    private let digits: [UInt8]
    /// The power of ten of the last digit; it saturates.
    private let exponent: Int

    /// Parses a text that is a number in JSON.
    init(_ text: String) {
        var digits: [UInt8] = []
        var (shift, exponent) = (0, 0)
        var hasPoint = false
        let bytes = text.utf8
        let mark = bytes.firstIndex { $0 | 0x20 == UInt8(ascii: "e") } ?? bytes.endIndex
        for byte in bytes[..<mark] {
            switch byte {
            case UInt8(ascii: "."): hasPoint = true
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if hasPoint { shift += 1 }
                if !digits.isEmpty || byte != UInt8(ascii: "0") { digits.append(byte) }
            default: break
            }
        }
        if mark < bytes.endIndex {
            let written = String(text[bytes.index(after: mark)...])
            // An exponent of more than 18 digits counts as infinite.
            exponent = Int(written) ?? (written.hasPrefix("-") ? -.max / 2 : .max / 2)
            exponent = min(.max / 2, max(-.max / 2, exponent))
        }
        exponent -= shift
        while digits.last == UInt8(ascii: "0") {
            digits.removeLast()
            exponent += 1
        }
        self.digits = digits
        self.exponent = digits.isEmpty ? 0 : exponent
        isNegative = !digits.isEmpty && bytes.first == UInt8(ascii: "-")
    }

    /// The only text of the value. It is the shortest text of a `Double`, such as `1.5`, if that
    /// has exactly this value.
    func text(near number: Double) -> String {
        if DecimalValue("\(number)") == self { return "\(number)" }
        let sign = isNegative ? "-" : ""
        return "\(sign)\(String(decoding: digits, as: UTF8.self))e\(exponent)"
    }

    /// The value as an integer; nil if it is not an integer or does not fit.
    var integer: Int64? {
        guard !digits.isEmpty else { return 0 }
        guard (0...18).contains(exponent) else { return nil }
        let zeros = String(repeating: "0", count: exponent)
        return Int64("\(isNegative ? "-" : "")\(String(decoding: digits, as: UTF8.self))\(zeros)")
    }
}
