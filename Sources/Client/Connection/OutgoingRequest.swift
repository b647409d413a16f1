internal import Deployments

/// A file that is sent.
struct OutgoingFile: Sendable {
    /// Absolute.
    let path: String
    let size: Int64
    /// Told how many bytes have been sent.
    let progress: @Sendable (Int64) -> Void
}

/// A request before it is sent.
struct OutgoingRequest: Sendable {
    var method = "GET"
    /// The path and the query, encoded.
    var target: String
    /// Beside those that every request has.
    var fields: [(name: String, value: String)] = []
    var body: [UInt8] = []
    /// A file that is sent in place of a body, while it is read.
    var file: OutgoingFile?
    /// How long nothing may come before the connection is taken for lost.
    var silence: Duration
    /// By TLS, where the connection goes whatever the URL's host is: `192.0.2.1:443`, without a
    /// proxy. Nil if the curl program decides.
    var destination: String?

    /// A request for a path whose segments are encoded already.
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

    /// The request as HTTP/1.1 has it (RFC 9112 section 3), for a connection of its own.
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

    /// Percent-encoded but for the unreserved characters (RFC 3986 section 2.3).
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
