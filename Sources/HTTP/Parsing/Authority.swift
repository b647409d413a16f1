/// `uri-host [":" port]`, the value of Host (RFC 9110 section 7.2, RFC 3986 section 3.2.2).
enum Authority {
    /// Whether the text is a host, given by name or address, with a valid port if there is one.
    static func isValid(_ text: String) -> Bool {
        var rest = text.utf8[...]
        if rest.first == UInt8(ascii: "[") {
            guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { return false }
            let address = rest[rest.index(after: rest.startIndex)..<end]
            guard isAddress(address) else { return false }
            rest = rest[rest.index(after: end)...]
            return rest.isEmpty || isPort(rest)
        }
        let end = rest.firstIndex(of: Bytes.colon) ?? rest.endIndex
        let name = rest[..<end]
        guard !name.isEmpty, isName(name) else { return false }
        return end == rest.endIndex || isPort(rest[end...])
    }

    /// Whether the text is `:` and up to five digits. They may be missing: an empty port is the
    /// default port.
    private static func isPort(_ text: Substring.UTF8View) -> Bool {
        guard text.first == Bytes.colon, text.dropFirst().allSatisfy(Bytes.isDigit) else {
            return false
        }
        let digits = text.dropFirst().drop { $0 == UInt8(ascii: "0") }
        return digits.isEmpty
            || digits.count <= 5 && Int(Substring(digits)).map { $0 <= 65_535 } == true
    }

    /// Whether the text consists of hexadecimal digits, colons and dots. This checks the shape of
    /// an IPv6 address, not its grammar.
    private static func isAddress(_ text: Substring.UTF8View) -> Bool {
        text.count >= 2 && text.contains(Bytes.colon)
            && text.allSatisfy { byte in
                Bytes.hexValue(byte) != nil || byte == Bytes.colon || byte == UInt8(ascii: ".")
            }
    }

    /// Whether the text is a `reg-name`: unreserved bytes, sub-delimiters and whole percent
    /// escapes.
    private static func isName(_ text: Substring.UTF8View) -> Bool {
        var escape = 0
        for byte in text {
            if escape > 0 {
                guard Bytes.hexValue(byte) != nil else { return false }
                escape -= 1
            } else if byte == UInt8(ascii: "%") {
                escape = 2
            } else {
                guard isNameByte(byte) else { return false }
            }
        }
        return escape == 0
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "-._~!$&'()*+,;=".utf8.contains(byte)
        }
    }
}
