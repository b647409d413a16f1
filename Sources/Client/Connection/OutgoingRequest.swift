internal import Deployments

/// A file to be sent.
struct OutgoingFile: Sendable {
    /// The absolute path.
    let path: String
    let size: Int64
    /// Called with the number of bytes sent so far.
    let progress: @Sendable (Int64) -> Void
}

/// A request before it is sent.
struct OutgoingRequest: Sendable {
    var method = "GET"
    /// The path and the query, encoded.
    var target: String
    /// The header fields besides those of every request.
    var fields: [(name: String, value: String)] = []
    var body: [UInt8] = []
    /// A file that is sent in place of a body. It is read while it is sent.
    var file: OutgoingFile?
    /// The time without incoming bytes after which the connection counts as lost.
    var silence: Duration
    /// For TLS, the address and port to connect to without a proxy, whatever the URL's host is:
    /// `192.0.2.1:443`. Nil if the curl program decides.
    var destination: String?

    /// A request for a path whose segments are already encoded.
    init(
        _ method: String,
        _ path: String,
        query: [(String, String)] = [],
        silence: Duration
    ) {
        self.method = method
        self.silence = silence
        let pairs = query.map { "\($0.0)=\(Self.encoded($0.1))" }
        target = pairs.isEmpty ? path : "\(path)?\(pairs.joined(separator: "&"))"
    }

    /// The request in the form of HTTP/1.1 (RFC 9112 section 3), for a connection of its own.
    func bytes(for address: ServerAddress) -> [UInt8] {
        var head = "\(method) \(address.basePath)\(target) HTTP/1.1\r\n"
        head += "Host: \(address.authority)\r\nConnection: close\r\n"
        for field in allFields { head += "\(field.name): \(field.value)\r\n" }
        let length = file?.size ?? Int64(body.count)
        if length > 0 || method == "POST" { head += "Content-Length: \(length)\r\n" }
        return Array((head + "\r\n").utf8) + body
    }

    var allFields: [(name: String, value: String)] {
        fields + [("User-Agent", "slipway")]
            + (body.isEmpty ? [] : [("Content-Type", "application/json")])
            + (file == nil ? [] : [("Content-Type", "application/octet-stream")])
    }

    /// The text with everything but unreserved characters percent-encoded (RFC 3986 section 2.3).
    static func encoded(_ text: String) -> String {
        let unreserved = Set(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8
        )
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if unreserved.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
