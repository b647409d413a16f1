/// Writes answers as HTTP/1.1 messages (RFC 9112 sections 2 to 6).
struct ResponseEncoder {
    /// The facts about a request that its answer depends on.
    struct Exchange: Sendable {
        var isHead = false
        var minorVersion: UInt8 = 1
        var keepsAlive = true
    }

    /// The fields that only the server itself writes.
    private static let owned = ["date", "content-length", "transfer-encoding", "connection"]

    /// Encodes the whole answer, or only its head if it is a stream.
    static func encode(_ response: Response, to exchange: Exchange, date: String) -> [UInt8] {
        var bytes: [UInt8] = []
        let status = 200...599 ~= response.status ? response.status : 500
        var content: [UInt8] = []
        var length: Int?
        switch response.body {
        case .empty: length = 0
        case .bytes(let body):
            content = body
            length = body.count
        case .events, .stream: break
        }
        bytes.reserveCapacity(512 + content.count)
        write("HTTP/1.1 \(status) \(StatusText.of(status))\r\nDate: \(date)\r\n", to: &bytes)
        for field in response.headers {
            guard field.name.utf8.allSatisfy(Bytes.isToken), !field.name.isEmpty,
                field.value.utf8.allSatisfy(Bytes.isFieldContent),
                !owned.contains(where: { HeaderFields.isSame($0, field.name) })
            else { continue }
            write(field.name, to: &bytes)
            write(": ", to: &bytes)
            write(field.value, to: &bytes)
            write("\r\n", to: &bytes)
        }
        // RFC 9110 sections 15.3.5 and 15.4.5: answers of these two codes have no content, whatever
        // the handler gave.
        let hasContent = status != 204 && status != 304
        if !hasContent {
        } else if let length {
            write("Content-Length: \(length)\r\n", to: &bytes)
        } else if exchange.minorVersion > 0, !exchange.isHead {
            write("Transfer-Encoding: chunked\r\n", to: &bytes)
        }
        if !exchange.keepsAlive {
            write("Connection: close\r\n", to: &bytes)
        } else if exchange.minorVersion == 0 {
            write("Connection: keep-alive\r\n", to: &bytes)
        }
        write("\r\n", to: &bytes)
        if hasContent, !exchange.isHead { bytes.append(contentsOf: content) }
        return bytes
    }

    private static func write(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: text.utf8)
    }
}
