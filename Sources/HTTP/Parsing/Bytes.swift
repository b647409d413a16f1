/// The classes of bytes of RFC 9110 and RFC 9112.
package enum Bytes {
    package static let tab: UInt8 = 0x09
    package static let lineFeed: UInt8 = 0x0a
    package static let carriageReturn: UInt8 = 0x0d
    package static let space: UInt8 = 0x20
    package static let quote: UInt8 = 0x22
    package static let comma: UInt8 = 0x2c
    package static let colon: UInt8 = 0x3a
    package static let semicolon: UInt8 = 0x3b
    package static let equals: UInt8 = 0x3d
    package static let backslash: UInt8 = 0x5c

    /// `tchar` (RFC 9110 section 5.6.2), one bit for each byte.
    private static let lowTokens: UInt64 = 0x03ff_6cfa_0000_0000
    private static let highTokens: UInt64 = 0x57ff_ffff_c7ff_fffe

    package static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0..<64: lowTokens >> UInt64(byte) & 1 == 1
        case 64..<128: highTokens >> UInt64(byte - 64) & 1 == 1
        default: false
        }
    }

    /// Whether a field value may hold the byte: `field-vchar`, blank or tab (RFC 9110 section 5.5).
    package static func isFieldContent(_ byte: UInt8) -> Bool {
        byte >= 0x20 ? byte != 0x7f : byte == tab
    }

    package static func isBlank(_ byte: UInt8) -> Bool {
        byte == space || byte == tab
    }

    package static func isDigit(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte
    }

    package static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    package static func lowercased(_ byte: UInt8) -> UInt8 {
        0x41...0x5a ~= byte ? byte | 0x20 : byte
    }

    /// The members of a comma-separated list without the blanks around them; empty members are left
    /// out (RFC 9110 section 5.6.1.2).
    package static func members(_ list: String) -> [String] {
        list.utf8.split(separator: comma).compactMap { member in
            let trimmed = trim(member)
            return trimmed.isEmpty ? nil : String(trimmed)
        }
    }

    package static func trim(_ text: Substring.UTF8View) -> Substring {
        var text = text
        while let first = text.first, isBlank(first) { text.removeFirst() }
        while let last = text.last, isBlank(last) { text.removeLast() }
        return Substring(text)
    }
}
