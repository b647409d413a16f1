/// Encodes the blocks of an event stream, each as a chunk of its own (RFC 9112 section 7.1), so
/// that all watchers can be sent the same bytes from any position.
enum EventFraming {
    static let retry = chunk(Array("retry: 1000\n".utf8))
    static let heartbeat = chunk(Array(": heartbeat\n\n".utf8))
    /// The last chunk, which ends the content.
    static let end = Array("0\r\n\r\n".utf8)

    static func append(_ block: StreamedEvent, to bytes: inout [UInt8]) {
        let id = String(block.id)
        let data = block.data.utf8
        let length = 4 + id.utf8.count + 7 + data.count + 2
        bytes.append(contentsOf: String(length, radix: 16).utf8)
        bytes.append(contentsOf: "\r\nid: ".utf8)
        bytes.append(contentsOf: id.utf8)
        bytes.append(contentsOf: "\ndata: ".utf8)
        let start = bytes.count
        bytes.append(contentsOf: data)
        for index in start..<bytes.count
        where bytes[index] == Bytes.lineFeed || bytes[index] == Bytes.carriageReturn {
            bytes[index] = Bytes.space
        }
        bytes.append(contentsOf: "\n\n\r\n".utf8)
    }

    static func comment(_ text: String) -> [UInt8] {
        let line = text.utf8.map { $0 < Bytes.space ? Bytes.space : $0 }
        return chunk(Array(": ".utf8) + line + [Bytes.lineFeed, Bytes.lineFeed])
    }

    /// Encodes a block without an id; its data is one line.
    static func unnumbered(_ data: String) -> [UInt8] {
        let line = data.utf8.map { $0 < Bytes.space ? Bytes.space : $0 }
        return chunk(Array("data: ".utf8) + line + [Bytes.lineFeed, Bytes.lineFeed])
    }

    /// Removes the framing of whole chunks, for a client that does not know chunks.
    static func unframed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            var length = 0
            while index < bytes.endIndex, let digit = Bytes.hexValue(bytes[index]) {
                length = length << 4 | Int(digit)
                index += 1
            }
            let start = min(index + 2, bytes.endIndex)
            let end = min(start + length, bytes.endIndex)
            result.append(contentsOf: bytes[start..<end])
            index = end + 2
        }
        return result
    }

    /// Encodes content as one chunk.
    static func chunk(_ content: [UInt8]) -> [UInt8] {
        Array(String(content.count, radix: 16).utf8) + [Bytes.carriageReturn, Bytes.lineFeed]
            + content + [Bytes.carriageReturn, Bytes.lineFeed]
    }
}
