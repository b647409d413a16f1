/// Parses the content, which has a given length or comes in chunks (RFC 9112 sections 6 and 7).
extension RequestParser {
    mutating func endHead(hasMore: Bool) throws(RequestError) -> Action? {
        if let authority = parsedTarget?.authority { headers.set("Host", authority) }
        var handsOver = false
        switch limits.content(method, parsedTarget?.segments ?? []) {
        case .whole(let most): mostContent = min(limits.bodyBytes, most)
        case .streamed(let most): (mostContent, handsOver) = (most, true)
        }
        switch try framing.content(minorVersion: minorVersion) {
        case .none:
            return finish()
        case .length(let length):
            guard length <= mostContent else { throw .contentTooLarge }
            remaining = length
            body.reserveCapacity(min(length, 65_536))
            state = .sized
        case .chunked:
            state = .chunkSize
        }
        let awaitsContinue = framing.expectsContinue && minorVersion > 0 && !hasMore
        guard handsOver else { return awaitsContinue ? .sendContinue : nil }
        isStreamed = true
        guard var head = parsedRequest else { return .refuse(Self.withoutTarget) }
        head.awaitsContinue = awaitsContinue
        return .head(head)
    }

    /// Takes the bytes of a streamed content that have come since the last call.
    mutating func takeContent() -> [UInt8] {
        guard isStreamed else { return [] }
        handedOver += body.count
        defer { body = [] }
        return body
    }

    /// The number of next bytes that are nothing but content, if the content is streamed.
    var plainContent: Int {
        if isStreamed, case .sized = state { remaining } else { 0 }
    }

    /// Notes that `count` of these bytes bypassed the parser; returns whether the content is whole.
    mutating func pass(_ count: Int) -> Bool {
        handedOver += count
        remaining -= count
        return remaining == 0
    }

    mutating func stepContent(
        _ input: borrowing Span<UInt8>,
        _ offset: inout Int
    ) throws(RequestError) -> Action? {
        switch state {
        case .sized:
            takeContent(input, &offset)
            if remaining == 0 { return finish() }
        case .chunkSize, .chunkExtension:
            if try chunk.read(input[offset], limits: limits) {
                try count(chunk.extensionBytes)
                state = .chunkLineFeed
            }
            offset += 1
        case .chunkLineFeed:
            try expectLineFeed(input, &offset, then: .chunkData)
            try beginChunk()
        case .chunkData:
            takeContent(input, &offset)
            if remaining == 0 { state = .chunkEnd }
        case .chunkEnd:
            guard input[offset] == Bytes.carriageReturn else {
                throw .malformed("A chunk is longer than its size.")
            }
            offset += 1
            state = .chunkEndLineFeed
        case .chunkEndLineFeed:
            try expectLineFeed(input, &offset, then: .chunkSize)
        case .endLineFeed:
            try expectLineFeed(input, &offset, then: .leading)
            return finish()
        default:
            try stepTrailer(input, &offset)
        }
        return nil
    }

    private mutating func takeContent(_ input: borrowing Span<UInt8>, _ offset: inout Int) {
        let count = min(remaining, input.count - offset)
        let part = input.extracting(offset..<offset + count)
        unsafe part.withUnsafeBufferPointer { unsafe body.append(contentsOf: $0) }
        offset += count
        remaining -= count
    }

    private mutating func beginChunk() throws(RequestError) {
        let size = chunk.size
        chunk = ChunkLine()
        if size == 0 {
            state = .trailerStart
            return
        }
        guard size <= mostContent - handedOver - body.count else { throw .contentTooLarge }
        remaining = size
    }

    /// Checks trailer fields and drops them; no known one could matter for a request (RFC 9110
    /// section 6.5.1).
    private mutating func stepTrailer(
        _ input: borrowing Span<UInt8>,
        _ offset: inout Int
    ) throws(RequestError) {
        let byte = input[offset]
        switch state {
        case .trailerStart where byte == Bytes.carriageReturn:
            offset += 1
            state = .endLineFeed
        case .trailerStart:
            guard Bytes.isToken(byte) else { throw Self.malformedTrailer }
            state = .trailerName
        case .trailerName:
            try count(1)
            offset += 1
            if byte == Bytes.colon {
                fieldCount += 1
                guard fieldCount <= limits.headerCount else { throw .fieldsTooLarge }
                state = .trailerValue
            } else if !Bytes.isToken(byte) {
                throw Self.malformedTrailer
            }
        case .trailerValue:
            try count(1)
            offset += 1
            if byte == Bytes.carriageReturn {
                state = .trailerLineFeed
            } else if !Bytes.isFieldContent(byte) {
                throw Self.malformedTrailer
            }
        default:
            try expectLineFeed(input, &offset, then: .trailerStart)
        }
    }

    private static let malformedTrailer = RequestError.malformed("A trailer field is malformed.")
}
