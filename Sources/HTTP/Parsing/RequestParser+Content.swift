/// The content: of a given length, or in chunks (RFC 9112 sections 6 and 7).
extension RequestParser {
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

    /// Trailer fields are checked and dropped: none is known that a request could need
    /// (RFC 9110 section 6.5.1).
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
