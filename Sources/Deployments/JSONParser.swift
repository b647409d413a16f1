/// Reads one JSON text (RFC 8259), strictly: a name twice in one object is refused.
struct JSONParser {
    /// The deepest nesting that is read.
    static let depthLimit = 128

    private let bytes: [UInt8]
    private var position = 0

    /// A parser of that text in UTF-8.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The value that the whole text is.
    mutating func parse() throws(JSONSyntaxError) -> JSONValue {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw JSONSyntaxError(reason: "the text is not valid UTF-8")
        }
        // RFC 8259 section 8.1 allows a byte order mark to be ignored.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        skipBlanks()
        guard position < bytes.count else { throw JSONSyntaxError(reason: "the text is empty") }
        let value = try value(depth: 0)
        skipBlanks()
        guard position == bytes.count else { throw error("unexpected text after the value") }
        return value
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        guard depth < Self.depthLimit else {
            throw error("nested deeper than \(Self.depthLimit) levels")
        }
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case let byte? where byte == UInt8(ascii: "-") || Self.isDigit(byte): return try number()
        case nil: throw error("the text ends where a value is expected")
        default: throw error("expected a value")
        }
    }

    private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        position += 1
        var members: [JSONMember] = []
        // Looking through a few names takes less time than a set of them.
        let few = 16
        var names: Set<String> = []
        skipBlanks()
        if take("}") { return .object([]) }
        while true {
            skipBlanks()
            guard next == UInt8(ascii: "\"") else { throw error("expected a name in quotes") }
            let start = position
            let name = try string()
            if members.count == few { names = Set(members.map(\.name)) }
            let isNew =
                members.count < few
                ? !members.contains { $0.name == name } : names.insert(name).inserted
            guard isNew else {
                position = start
                throw error("the name \"\(name)\" comes twice in one object")
            }
            skipBlanks()
            guard take(":") else { throw error("expected ':' after a name") }
            skipBlanks()
            members.append(JSONMember(name, try value(depth: depth + 1)))
            skipBlanks()
            if take("}") { return .object(members) }
            guard take(",") else { throw error("expected ',' or '}'") }
        }
    }

    private mutating func array(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        position += 1
        var elements: [JSONValue] = []
        skipBlanks()
        if take("]") { return .array([]) }
        while true {
            skipBlanks()
            elements.append(try value(depth: depth + 1))
            skipBlanks()
            if take("]") { return .array(elements) }
            guard take(",") else { throw error("expected ',' or ']'") }
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func literal(
        _ word: String,
        _ value: JSONValue
    ) throws(JSONSyntaxError) -> JSONValue {
        guard bytes[position...].starts(with: word.utf8) else { throw error("expected a value") }
        position += word.utf8.count
        return value
    }

    /// RFC 8259 section 6. A whole number without fraction or exponent that fits is an integer.
    private mutating func number() throws(JSONSyntaxError) -> JSONValue {
        let start = position
        var isWhole = true
        _ = take("-")
        if take("0") {
            if let byte = next, Self.isDigit(byte) { throw error("a number begins with 0") }
        } else {
            try digits()
        }
        if take(".") {
            isWhole = false
            try digits()
        }
        if take("e") || take("E") {
            isWhole = false
            if !take("+") { _ = take("-") }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else {
            throw error("the number \(text.prefix(40)) is too large")
        }
        return .number(number)
    }

    private mutating func digits() throws(JSONSyntaxError) {
        let start = position
        while let byte = next, Self.isDigit(byte) { position += 1 }
        guard position > start else { throw error("expected a digit") }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private mutating func string() throws(JSONSyntaxError) -> String {
        position += 1
        var text: [UInt8] = []
        while true {
            let start = position
            while let byte = next, byte >= 0x20, byte != UInt8(ascii: "\""),
                byte != UInt8(ascii: "\\")
            {
                position += 1
            }
            let plain = bytes[start..<position]
            if next == UInt8(ascii: "\""), text.isEmpty {
                position += 1
                return String(decoding: plain, as: UTF8.self)
            }
            text += plain
            switch next {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                text += try escape()
            case nil:
                throw error("the text ends within a string")
            default:
                throw error("a control character in a string must be escaped")
            }
        }
    }

    /// RFC 8259 section 7.
    private mutating func escape() throws(JSONSyntaxError) -> [UInt8] {
        position += 1
        let kind = next
        position += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return [kind ?? 0]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            var units = [try codeUnit()]
            if UTF16.isLeadSurrogate(units[0]), take("\\"), take("u") {
                units.append(try codeUnit())
            }
            guard let text = String(validating: units, as: UTF16.self) else {
                throw error("half a surrogate pair in a string")
            }
            return Array(text.utf8)
        default:
            position -= 1
            throw error("unknown escape in a string")
        }
    }

    private mutating func codeUnit() throws(JSONSyntaxError) -> UInt16 {
        let digits = bytes[position...].prefix(4)
        guard digits.count == 4,
            digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw error("expected four hexadecimal digits") }
        position += 4
        return unit
    }

    /// Says where, as an editor counts.
    private func error(_ reason: String) -> JSONSyntaxError {
        let before = bytes.prefix(position)
        let line = before.count { $0 == 0x0A } + 1
        let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let column = String(decoding: before[start...], as: UTF8.self).unicodeScalars.count + 1
        return JSONSyntaxError(reason: "\(reason) (line \(line), column \(column))")
    }
}
