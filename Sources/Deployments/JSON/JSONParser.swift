/// Parses one JSON text (RFC 8259) strictly: an object must not have a name twice.
///
/// It reads every byte once, and allocates only what the value holds.
struct JSONParser {
    /// The deepest nesting that is read.
    static let depthLimit = 128

    private let bytes: [UInt8]
    private let limits: JSONLimits
    private var position = 0
    /// The number of values that have been read.
    private var count = 0

    /// Creates a parser of a text in UTF-8.
    init(_ bytes: [UInt8], _ limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    /// Parses the whole text as one value.
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

    /// The next byte; at the end it is 0, which never occurs in JSON.
    private var next: UInt8 { position < bytes.count ? bytes[position] : 0 }

    private mutating func skipBlanks() {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            position += 1
        }
    }

    private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        guard depth < Self.depthLimit else {
            throw error("nested deeper than \(Self.depthLimit) levels")
        }
        guard count < limits.values else {
            throw error("there are more than \(limits.values) values")
        }
        count += 1
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default:
            let isEnd = position == bytes.count
            throw error(isEnd ? "the text ends where a value is expected" : "expected a value")
        }
    }

    private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        position += 1
        var members: [JSONMember] = []
        // A search through a few names takes less time than a set.
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
                throw error("the name \"\(name.excerpt)\" occurs twice in one object")
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
        _ word: StaticString,
        _ value: JSONValue
    ) throws(JSONSyntaxError) -> JSONValue {
        let end = position + word.utf8CodeUnitCount
        let isWord = word.withUTF8Buffer { word in
            unsafe end <= bytes.count && bytes[position..<end].elementsEqual(word)
        }
        guard isWord else { throw error("expected a value") }
        position = end
        return value
    }

    // MARK: Numbers

    /// Parses a number (RFC 8259 section 6). A whole number that fits and has no fraction or
    /// exponent becomes an integer; any other number keeps its text.
    private mutating func number() throws(JSONSyntaxError) -> JSONValue {
        let start = position
        let isNegative = take("-")
        var magnitude: Int64? = 0
        if take("0") {
            if Self.isDigit(next) { throw error("a number begins with 0") }
        } else {
            try digits { digit in
                // It counts downwards because there is one more negative number.
                let (ten, high) = (magnitude ?? 0).multipliedReportingOverflow(by: 10)
                let (sum, low) = ten.subtractingReportingOverflow(Int64(digit))
                magnitude = magnitude == nil || high || low ? nil : sum
            }
        }
        var isWhole = true
        var hasExponent = false
        if take(".") {
            isWhole = false
            try digits()
        }
        if take("e") || take("E") {
            hasExponent = true
            if !take("+") { _ = take("-") }
            try digits()
        }
        if isWhole, !hasExponent, let magnitude {
            // The number -0 is not an integer.
            if isNegative, magnitude != 0 { return .integer(magnitude) }
            if !isNegative, magnitude != .min { return .integer(-magnitude) }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        // Only a very long number or one with an exponent can exceed what other parsers read
        // (section 6).
        guard !hasExponent && text.utf8.count < 300 || Double(text)?.isFinite == true else {
            throw error("the number \(text.excerpt) is too large")
        }
        return .decimal(text)
    }

    private mutating func digits(
        _ take: (UInt8) -> Void = { _ in }
    ) throws(JSONSyntaxError) {
        guard Self.isDigit(next) else { throw error("expected a digit") }
        while position < bytes.count, Self.isDigit(bytes[position]) {
            take(bytes[position] - UInt8(ascii: "0"))
            position += 1
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0") <= byte && byte <= UInt8(ascii: "9")
    }

    // MARK: Strings

    private mutating func string() throws(JSONSyntaxError) -> String {
        let begin = position
        position += 1
        var text: [UInt8] = []
        while true {
            let start = position
            while position < bytes.count, Self.isPlain(bytes[position]) { position += 1 }
            switch next {
            case UInt8(ascii: "\""):
                if text.isEmpty {
                    let plain = String(decoding: bytes[start..<position], as: UTF8.self)
                    return try endString(plain, from: begin)
                }
                if start < position { text += bytes[start..<position] }
                return try endString(String(decoding: text, as: UTF8.self), from: begin)
            case UInt8(ascii: "\\"):
                if start < position { text += bytes[start..<position] }
                try escape(to: &text)
            default:
                throw error(
                    position == bytes.count
                        ? "the text ends within a string"
                        : "a control character in a string must be escaped"
                )
            }
        }
    }

    private mutating func endString(
        _ text: String,
        from begin: Int
    ) throws(JSONSyntaxError) -> String {
        guard limits.takes(text) else {
            position = begin
            throw error("more than \(limits.combining) combining characters in a row")
        }
        position += 1
        return text
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// Parses an escape (RFC 8259 section 7).
    private mutating func escape(to text: inout [UInt8]) throws(JSONSyntaxError) {
        position += 1
        let kind = next
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(kind)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            position += 1
            let first = try codeUnit()
            var scalar = first
            if 0xD800..<0xDC00 ~= first, take("\\"), take("u") {
                let second = try codeUnit()
                guard 0xDC00..<0xE000 ~= second else { throw halfAPair }
                scalar = 0x1_0000 + (first - 0xD800) << 10 + (second - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(scalar) else { throw halfAPair }
            text += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
            return
        default: throw error("unknown escape in a string")
        }
        position += 1
    }

    private var halfAPair: JSONSyntaxError { error("half a surrogate pair in a string") }

    private mutating func codeUnit() throws(JSONSyntaxError) -> UInt32 {
        var unit: UInt32 = 0
        for offset in 0..<4 {
            let index = position + offset
            guard index < bytes.count, let digit = Self.hexValue(bytes[index]) else {
                throw error("expected four hexadecimal digits")
            }
            unit = unit << 4 | UInt32(digit)
        }
        position += 4
        return unit
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// Creates an error with its position in lines and columns, counted as editors do.
    private func error(_ reason: String) -> JSONSyntaxError {
        let before = bytes.prefix(position)
        let line = before.count { $0 == 0x0A } + 1
        let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let column = String(decoding: before[start...], as: UTF8.self).unicodeScalars.count + 1
        return JSONSyntaxError(reason: "\(reason) (line \(line), column \(column))")
    }
}
