/// Reads the line before a chunk, `chunk-size [ chunk-ext ] CRLF` (RFC 9112 section 7.1), byte by
/// byte. Extensions are checked against their grammar and dropped.
package struct ChunkLine: Sendable {
    private enum State {
        case size, blankBeforeSemicolon, nameStart, name, blankAfterName
        case valueStart, value, quoted, escaped, afterValue
    }

    /// The chunk's size once the line has ended.
    package private(set) var size = 0
    /// The length of the line's extensions in bytes.
    package private(set) var extensionBytes = 0
    private var digits = 0
    private var state = State.size

    /// Creates a reader that is at the beginning of a line.
    package init() {}

    /// Takes a byte of the line; returns true for the carriage return that ends it.
    package mutating func read(_ byte: UInt8, limits: ServerLimits) throws(RequestError) -> Bool {
        if state == .size {
            if let digit = Bytes.hexValue(byte) {
                // Sixteen digits are more than any limit needs, and the size must not overflow.
                digits += 1
                guard digits <= 16 else { throw .malformed("A chunk size is out of range.") }
                guard size <= Int.max >> 4 else { throw .contentTooLarge }
                size = size << 4 | Int(digit)
                return false
            }
            guard digits > 0 else { throw .malformed("A chunk does not begin with its size.") }
        } else {
            extensionBytes += 1
            guard extensionBytes <= 1024 else {
                throw .malformed("A chunk's extensions are too long.")
            }
        }
        if byte == Bytes.carriageReturn {
            switch state {
            case .size, .name, .value, .afterValue: return true
            default: throw Self.malformed
            }
        }
        state = try next(byte)
        return false
    }

    /// Reads `*( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )`.
    private func next(_ byte: UInt8) throws(RequestError) -> State {
        switch state {
        case .size, .blankBeforeSemicolon, .afterValue:
            if byte == Bytes.semicolon { return .nameStart }
            if Bytes.isBlank(byte) { return .blankBeforeSemicolon }
        case .nameStart:
            if Bytes.isBlank(byte) { return .nameStart }
            if Bytes.isToken(byte) { return .name }
        case .name:
            if Bytes.isToken(byte) { return .name }
            fallthrough
        case .blankAfterName:
            if byte == Bytes.semicolon { return .nameStart }
            if byte == Bytes.equals { return .valueStart }
            if Bytes.isBlank(byte) { return .blankAfterName }
        case .valueStart:
            if Bytes.isBlank(byte) { return .valueStart }
            if byte == Bytes.quote { return .quoted }
            if Bytes.isToken(byte) { return .value }
        case .value:
            if Bytes.isToken(byte) { return .value }
            if byte == Bytes.semicolon { return .nameStart }
            if Bytes.isBlank(byte) { return .blankBeforeSemicolon }
        case .quoted:
            if byte == Bytes.quote { return .afterValue }
            if byte == Bytes.backslash { return .escaped }
            if Bytes.isFieldContent(byte) { return .quoted }
        case .escaped:
            if Bytes.isFieldContent(byte) { return .quoted }
        }
        throw Self.malformed
    }

    private static let malformed = RequestError.malformed("A chunk's size line is malformed.")
}
