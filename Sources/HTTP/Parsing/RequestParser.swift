/// Reads requests from bytes, in whatever pieces they come (RFC 9112).
///
/// The parser is a value without I/O. It looks at every byte once and refuses a request at the
/// first wrong byte. After a refusal it takes nothing more, because it is not known where the next
/// request would begin.
struct RequestParser: Sendable {
    /// What the caller is to do after the bytes so far.
    enum Action: Sendable {
        /// Wait for more: all bytes were taken, and the request is not whole.
        case needMore
        /// Send `100 Continue`, because the client waits for it. This occurs at most once for a
        /// request, and never after bytes of the content have come.
        case sendContinue
        /// Handle a whole request. The bytes after it were not taken.
        case request(ParsedRequest)
        /// Handle a request whose content is streamed: `takeContent` returns its bytes, and
        /// `contentEnd` follows at its end.
        case head(ParsedRequest)
        /// Take the rest of a streamed content. The bytes after it were not taken.
        case contentEnd([UInt8])
        /// Answer with the error and close the connection.
        case refuse(RequestError)
    }

    enum State: Sendable {
        case leading, leadingLineFeed
        case method, target, version, versionEnd, versionLineFeed
        case fieldStart, fieldName, fieldBlank, fieldValue, fieldLineFeed, headLineFeed
        case sized
        case chunkSize, chunkExtension, chunkLineFeed, chunkData, chunkEnd, chunkEndLineFeed
        case trailerStart, trailerName, trailerValue, trailerLineFeed, endLineFeed
        case refused
    }

    let limits: ServerLimits
    let peer: Peer
    var state = State.leading
    /// The bytes of the element that is being read.
    var text: [UInt8] = []
    /// The name of the field that is being read.
    var fieldName = ""
    var emptyLines = 0
    var sectionBytes = 0
    var fieldCount = 0

    var method = Method.get
    var target = ""
    var minorVersion: UInt8 = 1
    var headers = HeaderFields()
    var framing = MessageFraming()
    var parsedTarget: RequestTarget?

    var body: [UInt8] = []
    /// The number of content bytes that were passed on.
    var handedOver = 0
    /// Whether the content is streamed.
    var isStreamed = false
    /// The greatest length of the content.
    var mostContent = 0
    /// The number of bytes of the content or of the chunk that have not come yet.
    var remaining = 0
    var chunk = ChunkLine()

    init(limits: ServerLimits, peer: Peer) {
        self.limits = limits
        self.peer = peer
    }

    /// Whether no byte of a request has come.
    var isBetweenRequests: Bool {
        switch state {
        case .leading, .leadingLineFeed: true
        default: false
        }
    }

    /// The number of bytes of an incomplete request that the parser holds.
    var heldBytes: Int { sectionBytes + text.count + body.count }

    /// Whether all fields have come and the content is being read.
    var isReadingContent: Bool {
        switch state {
        case .sized, .chunkSize, .chunkExtension, .chunkLineFeed, .chunkData, .chunkEnd,
            .chunkEndLineFeed, .trailerStart, .trailerName, .trailerValue, .trailerLineFeed,
            .endLineFeed:
            true
        default: false
        }
    }

    /// Takes bytes from the offset on, and moves the offset after the bytes that it has taken.
    mutating func consume(_ input: borrowing Span<UInt8>, from offset: inout Int) -> Action {
        do throws(RequestError) {
            while offset < input.count {
                if let action = try step(input, &offset) { return action }
            }
            return .needMore
        } catch {
            state = .refused
            text = []
            body = []
            return .refuse(error)
        }
    }

    private mutating func step(
        _ input: borrowing Span<UInt8>,
        _ offset: inout Int
    ) throws(RequestError) -> Action? {
        switch state {
        case .leading: try readLeading(input, &offset)
        case .leadingLineFeed: try expectLineFeed(input, &offset, then: .leading)
        case .method: try readMethod(input, &offset)
        case .target: try readTarget(input, &offset)
        case .version: try readVersion(input, &offset)
        case .versionEnd:
            guard input[offset] == Bytes.carriageReturn else {
                throw .malformed("The request line does not end after the version.")
            }
            offset += 1
            state = .versionLineFeed
        case .versionLineFeed: try expectLineFeed(input, &offset, then: .fieldStart)
        case .fieldStart: try readFieldStart(input, &offset)
        case .fieldName: try readFieldName(input, &offset)
        case .fieldBlank: try skipBlanks(input, &offset)
        case .fieldValue: try readFieldValue(input, &offset)
        case .fieldLineFeed:
            try expectLineFeed(input, &offset, then: .fieldStart)
            try endField()
        case .headLineFeed:
            try expectLineFeed(input, &offset, then: .sized)
            return try endHead(hasMore: offset < input.count)
        case .refused:
            offset = input.count
        default:
            return try stepContent(input, &offset)
        }
        return nil
    }

    // MARK: The request line

    private mutating func readLeading(
        _ input: borrowing Span<UInt8>,
        _ offset: inout Int
    ) throws(RequestError) {
        if input[offset] == Bytes.carriageReturn {
            // Empty lines before a request are skipped (RFC 9112 section 2.2), but only a few.
            emptyLines += 1
            guard emptyLines <= 4 else {
                throw .malformed("There are empty lines instead of a request.")
            }
            offset += 1
            state = .leadingLineFeed
        } else {
            emptyLines = 0
            state = .method
        }
    }

    private mutating func readMethod(
        _ input: borrowing Span<UInt8>,
        _ offset: inout Int
    ) throws(RequestError) {
        while offset < input.count {
            let byte = input[offset]
            guard Bytes.isToken(byte) else {
                guard byte == Bytes.space, !text.isEmpty else {
                    throw .malformed("The request does not begin with a method.")
                }
                offset += 1
                method = Method(rawValue: takeText())
                state = .target
                return
            }
            // RFC 9112 section 3: a method that is longer than every known one is answered 501.
            guard text.count < 64 else { throw .notImplemented("The method is not known.") }
            text.append(byte)
            offset += 1
        }
    }

    private mutating func readTarget(
        _ input: borrowing Span<UInt8>,
        _ offset: inout Int
    ) throws(RequestError) {
        let start = offset
        while offset < input.count {
            let byte = input[offset]
            guard byte > Bytes.space, byte < 0x7f, byte != UInt8(ascii: "#") else {
                try appendTarget(input.extracting(start..<offset))
                guard byte == Bytes.space, !text.isEmpty else {
                    throw .malformed("The request line holds a byte that no target may have.")
                }
                offset += 1
                target = takeText()
                // CONNECT asks for a tunnel, which this server does not offer.
                guard method.rawValue != "CONNECT" else {
                    throw .notImplemented("This server is not a proxy.")
                }
                let parsed = try RequestTarget(target, method: method)
                parsedTarget = parsed
                state = .version
                return
            }
            offset += 1
            if text.count + offset - start > limits.targetBytes { throw .targetTooLong }
        }
        try appendTarget(input.extracting(start..<offset))
    }

    private mutating func appendTarget(_ bytes: borrowing Span<UInt8>) throws(RequestError) {
        guard text.count + bytes.count <= limits.targetBytes else { throw .targetTooLong }
        append(bytes)
    }

    private mutating func readVersion(
        _ input: borrowing Span<UInt8>,
        _ offset: inout Int
    ) throws(RequestError) {
        let pattern = "HTTP/0.0".utf8
        while offset < input.count {
            let byte = input[offset]
            let expected = pattern[pattern.index(pattern.startIndex, offsetBy: text.count)]
            guard expected == UInt8(ascii: "0") ? Bytes.isDigit(byte) : byte == expected else {
                throw .malformed("The request line does not end with an HTTP version.")
            }
            text.append(byte)
            offset += 1
            if text.count == pattern.count {
                // A higher minor version is treated as 1.1 (RFC 9110 section 2.5).
                guard text[5] == UInt8(ascii: "1") else { throw .versionNotSupported }
                minorVersion = text[7] == UInt8(ascii: "0") ? 0 : 1
                text.removeAll(keepingCapacity: true)
                state = .versionEnd
                return
            }
        }
    }

    // MARK: The field section

    private mutating func readFieldStart(
        _ input: borrowing Span<UInt8>,
        _ offset: inout Int
    ) throws(RequestError) {
        if input[offset] == Bytes.carriageReturn {
            offset += 1
            state = .headLineFeed
            return
        }
        guard !Bytes.isBlank(input[offset]) else {
            // RFC 9112 sections 5.2 (a folded line) and 2.2 (a blank after the request line).
            throw .malformed("A field line begins with a blank.")
        }
        state = .fieldName
    }

    private mutating func readFieldName(
        _ input: borrowing Span<UInt8>,
        _ offset: inout Int
    ) throws(RequestError) {
        let start = offset
        while offset < input.count, Bytes.isToken(input[offset]) { offset += 1 }
        try appendField(input.extracting(start..<offset))
        guard offset < input.count else { return }
        guard input[offset] == Bytes.colon, !text.isEmpty else {
            throw .malformed("A field name holds a byte that it may not have.")
        }
        offset += 1
        try count(1)
        fieldCount += 1
        guard fieldCount <= limits.headerCount else { throw .fieldsTooLarge }
        fieldName = takeText()
        state = .fieldBlank
    }

    private mutating func skipBlanks(
        _ input: borrowing Span<UInt8>,
        _ offset: inout Int
    ) throws(RequestError) {
        while offset < input.count, Bytes.isBlank(input[offset]) {
            offset += 1
            try count(1)
        }
        if offset < input.count { state = .fieldValue }
    }

    private mutating func readFieldValue(
        _ input: borrowing Span<UInt8>,
        _ offset: inout Int
    ) throws(RequestError) {
        let start = offset
        while offset < input.count, Bytes.isFieldContent(input[offset]) { offset += 1 }
        try appendField(input.extracting(start..<offset))
        guard offset < input.count else { return }
        guard input[offset] == Bytes.carriageReturn else {
            throw .malformed("A field value holds a control byte.")
        }
        offset += 1
        try count(2)
        state = .fieldLineFeed
    }

    private mutating func endField() throws(RequestError) {
        while let last = text.last, Bytes.isBlank(last) { text.removeLast() }
        let value = takeValue()
        try framing.note(fieldName, value, minorVersion: minorVersion)
        headers.add(fieldName, value)
    }

    // MARK: Shared by the parts

    /// Ends the request and prepares for the next.
    mutating func finish() -> Action {
        var parsed = RequestParser(limits: limits, peer: peer)
        swap(&parsed, &self)
        if parsed.isStreamed { return .contentEnd(parsed.body) }
        return parsed.parsedRequest.map { .request($0) } ?? .refuse(Self.withoutTarget)
    }

    var parsedRequest: ParsedRequest? {
        Request(parsed: self).map { request in
            ParsedRequest(
                request: request,
                minorVersion: minorVersion,
                keepsAlive: framing.keepsAlive(minorVersion: minorVersion)
            )
        }
    }

    static let withoutTarget = RequestError.malformed("The request has no target.")

    mutating func expectLineFeed(
        _ input: borrowing Span<UInt8>,
        _ offset: inout Int,
        then next: State
    ) throws(RequestError) {
        // RFC 9112 section 2.2: a bare carriage return is refused everywhere.
        guard input[offset] == Bytes.lineFeed else {
            throw .malformed("A carriage return stands alone.")
        }
        offset += 1
        state = next
    }

    mutating func appendField(_ bytes: borrowing Span<UInt8>) throws(RequestError) {
        try count(bytes.count)
        append(bytes)
    }

    /// Counts the bytes of the field section or of the trailer.
    mutating func count(_ bytes: Int) throws(RequestError) {
        sectionBytes += bytes
        guard sectionBytes <= limits.headerBytes else { throw .fieldsTooLarge }
    }

    private mutating func append(_ bytes: borrowing Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe text.append(contentsOf: $0) }
    }

    /// Takes the field's value. A byte beyond ASCII becomes the character with that number, as in
    /// ISO 8859-1 (RFC 9110 section 5.5). This way the text cannot have many combining characters,
    /// which would make comparisons slow.
    private mutating func takeValue() -> String {
        guard text.contains(where: { $0 >= 0x80 }) else { return takeText() }
        defer { text.removeAll(keepingCapacity: true) }
        var value = ""
        for byte in text { value.unicodeScalars.append(Unicode.Scalar(byte)) }
        return value
    }

    /// Takes the element's text. Bytes that are not UTF-8 are replaced.
    private mutating func takeText() -> String {
        defer { text.removeAll(keepingCapacity: true) }
        return String(decoding: text, as: UTF8.self)
    }
}

extension Request {
    fileprivate init?(parsed: RequestParser) {
        guard let target = parsed.parsedTarget else { return nil }
        method = parsed.method
        path = target.path
        pathSegments = target.segments
        query = target.query
        headers = parsed.headers
        body = parsed.body
        peer = parsed.peer
    }
}
