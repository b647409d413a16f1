/// The fields of one header (POSIX.1-1988 section 10.1.1).
struct TarFields: Sendable {
    let name: [UInt8]
    let mode: Int
    /// Nil if the field is not a number.
    let size: Int64?
    let modified: Int64
    let type: UInt8
    let target: [UInt8]

    /// Reads a block; nil if its checksum is wrong.
    init?(_ block: [UInt8]) {
        guard block.count == TarHeader.blockSize else { return nil }
        let expected = Self.number(block[148..<156])
        let sum = block.indices.reduce(Int64(0)) { sum, index in
            sum + Int64((148..<156).contains(index) ? 0x20 : block[index])
        }
        guard expected == sum else { return nil }
        func text(_ range: Range<Int>) -> [UInt8] { Array(block[range].prefix { $0 != 0 }) }
        var name = text(0..<100)
        // GNU's own format has other values in the place where ustar has the beginning of the name.
        if block[257..<263].elementsEqual("ustar\u{0}".utf8) {
            let prefix = text(345..<500)
            if !prefix.isEmpty { name = prefix + [UInt8(ascii: "/")] + name }
        }
        self.name = name
        mode = Int(truncatingIfNeeded: (Self.number(block[100..<108]) ?? 0o644) & 0o7777)
        size = Self.number(block[124..<136])
        modified = Self.number(block[136..<148]) ?? 0
        type = block[156]
        target = text(157..<257)
    }

    /// A number in octal digits or, if the first bit is set, in base 256. Nil if the field is not a number
    /// or it is too large.
    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        guard let first = field.first else { return nil }
        if first & 0x80 != 0 {
            let isNegative = first & 0x40 != 0
            var value: Int64 = isNegative ? -1 : 0
            for (index, byte) in field.enumerated() {
                let byte = index == 0 ? (isNegative ? byte : byte & 0x7F) : byte
                let (shifted, overflow) = value.multipliedReportingOverflow(by: 256)
                guard !overflow else { return nil }
                value = shifted | Int64(byte)
            }
            return value
        }
        var value: Int64 = 0
        var isBegun = false
        for byte in field {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "7"):
                guard value >> 60 == 0 else { return nil }
                value = value << 3 | Int64(byte - UInt8(ascii: "0"))
                isBegun = true
            case 0x20 where !isBegun: continue
            case 0x20, 0: return value
            default: return nil
            }
        }
        return value
    }
}
