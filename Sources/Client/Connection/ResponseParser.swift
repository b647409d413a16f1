internal import HTTP

/// The status line and the fields of an answer.
struct ResponseHead: Sendable, Equatable {
    var status: Int
    var fields: HeaderFields
}

/// Reads one answer (RFC 9112 sections 4 to 8) from bytes in pieces of any size.
struct ResponseParser: Sendable {
    /// A part of the answer.
    enum Part: Sendable, Equatable {
        case head(ResponseHead)
        case content([UInt8])
        /// The answer is complete.
        case end
    }

    private enum State {
        case head, sized, untilClose, chunkSize, chunkLineFeed, chunkData, chunkEnd, trailer, done
    }

    private var state = State.head
    private var line: [UInt8] = []
    private var lines: [String] = []
    /// The number of bytes of the current header or trailer.
    private var headBytes = 0
    private var interim = 0
    private var remaining = 0
    private var chunk = ChunkLine()
    private let limits = ServerLimits()

    private static let headLimit = 64 << 10
    private static let mostInterim = 100

    /// Whether the answer is complete.
    var isDone: Bool { state == .done }

    /// Returns the parts that these bytes complete, in order.
    mutating func read(_ bytes: [UInt8]) throws(ClientError) -> [Part] {
        var parts: [Part] = []
        var index = 0
        while index < bytes.count, state != .done {
            switch state {
            case .head, .trailer, .chunkEnd:
                let byte = bytes[index]
                index += 1
                // The line breaks after chunks do not count as header bytes, however many there are.
                if state != .chunkEnd {
                    headBytes += 1
                    guard headBytes <= Self.headLimit else {
                        throw .notUnderstood("the answer's header has no end")
                    }
                }
                guard byte == Bytes.lineFeed else {
                    guard state != .chunkEnd || byte == Bytes.carriageReturn && line.isEmpty else {
                        throw .notUnderstood("a chunk is longer than its size")
                    }
                    line.append(byte)
                    continue
                }
                if line.last == Bytes.carriageReturn { line.removeLast() }
                try endLine(&parts)
                line.removeAll(keepingCapacity: true)
            case .chunkSize:
                do throws(RequestError) {
                    if try chunk.read(bytes[index], limits: limits) { state = .chunkLineFeed }
                } catch {
                    throw .notUnderstood(error.detail)
                }
                index += 1
            case .chunkLineFeed:
                guard bytes[index] == Bytes.lineFeed else {
                    throw .notUnderstood("a chunk's size line has no end")
                }
                index += 1
                remaining = chunk.size
                chunk = ChunkLine()
                state = remaining == 0 ? .trailer : .chunkData
            case .sized, .chunkData, .untilClose:
                let count =
                    state == .untilClose ? bytes.count - index : min(remaining, bytes.count - index)
                if count > 0 { parts.append(.content(Array(bytes[index..<index + count]))) }
                index += count
                guard state != .untilClose else { continue }
                remaining -= count
                if remaining == 0 { finishContent(&parts) }
            case .done: break
            }
        }
        return parts
    }

    /// Handles the end of the connection: if no length was announced, it ends the answer; otherwise it
    /// throws.
    mutating func end() throws(ClientError) -> [Part] {
        switch state {
        case .done: return []
        case .untilClose:
            state = .done
            return [.end]
        case .head where lines.isEmpty && line.isEmpty:
            throw .lost("the server closed the connection without an answer")
        default: throw .lost("the connection broke in the middle of the answer")
        }
    }

    private mutating func finishContent(_ parts: inout [Part]) {
        if state == .chunkData {
            state = .chunkEnd
        } else {
            state = .done
            parts.append(.end)
        }
    }

    private mutating func endLine(_ parts: inout [Part]) throws(ClientError) {
        switch state {
        case .chunkEnd:
            state = .chunkSize
        case .trailer:
            guard line.isEmpty else { return }
            state = .done
            parts.append(.end)
        default:
            if !line.isEmpty { return lines.append(String(decoding: line, as: UTF8.self)) }
            let head = try Self.head(lines)
            lines = []
            headBytes = 0
            interim += head.status < 200 ? 1 : 0
            guard interim <= Self.mostInterim else {
                throw .notUnderstood(
                    "the answer is malformed: it does not begin with a status line"
                )
            }
            // Interim answers have no meaning here (RFC 9110 section 15.2).
            guard head.status >= 200 else { return }
            parts.append(.head(head))
            try begin(head, &parts)
        }
    }

    /// Determines how the content ends (RFC 9112 section 6.3).
    private mutating func begin(
        _ head: ResponseHead,
        _ parts: inout [Part]
    ) throws(ClientError) {
        if head.status == 204 || head.status == 304 {
            state = .done
            parts.append(.end)
        } else if let coding = head.fields["Transfer-Encoding"] {
            guard coding.lowercased() == "chunked" else {
                throw .notUnderstood("the answer comes in the unknown coding \(coding.prefix(80))")
            }
            state = .chunkSize
        } else if let length = head.fields["Content-Length"] {
            guard length.utf8.allSatisfy(Bytes.isDigit), let count = Int(length) else {
                throw .notUnderstood("the answer's length is \(length.prefix(80))")
            }
            remaining = count
            state = .sized
            if count == 0 { finishContent(&parts) }
        } else {
            state = .untilClose
        }
    }

    private static func head(_ lines: [String]) throws(ClientError) -> ResponseHead {
        let words = lines.first?.split(separator: " ", maxSplits: 2) ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/"), words[1].utf8.count == 3,
            let status = Int(words[1]), (100...999).contains(status)
        else { throw .notUnderstood("the answer is not HTTP") }
        var fields = HeaderFields()
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else {
                throw .notUnderstood("the answer's header is malformed")
            }
            let value = Bytes.trim(line[line.index(after: colon)...].utf8)
            fields.add(String(line[..<colon]), String(value))
        }
        return ResponseHead(status: status, fields: fields)
    }
}
