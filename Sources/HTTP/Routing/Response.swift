/// An answer. The server itself adds `Date`, `Content-Length` or `Transfer-Encoding`, and
/// `Connection`; what the fields say of the first three is passed over.
public struct Response: Sendable {
    /// The content.
    public enum Body: Sendable {
        /// None.
        case empty
        /// The whole content.
        case bytes([UInt8])
        /// Events as they come, as `text/event-stream`.
        case events(EventSubscription)
        /// Content that is made while it is sent.
        case stream(ContentStream)
    }

    /// The status code, 200 to 599.
    public var status: Int
    /// The header fields. `Connection: close` ends the connection after this answer. A field whose
    /// name is no token or whose value holds a control byte is not sent.
    public var headers: HeaderFields
    /// The content; not sent for HEAD, 204 and 304.
    public var body: Body
    /// With which other streams the response ends; for `events` and `stream` alone.
    public var group: StreamGroup?
    /// The place of `events` among the streams, where it was taken before.
    public var slot: StreamPermit?

    /// An answer.
    public init(status: Int, headers: HeaderFields = HeaderFields(), body: Body = .empty) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// An answer of `application/problem+json` (RFC 9457) of type `about:blank`.
    public static func problem(
        status: Int,
        detail: String,
        headers: HeaderFields = HeaderFields()
    ) -> Response {
        var headers = headers
        headers.set("Content-Type", "application/problem+json")
        let text =
            #"{"type":"about:blank","title":"\#(StatusText.of(status))","status":\#(status),"#
            + #""detail":"\#(escaped(detail))"}"#
        return Response(status: status, headers: headers, body: .bytes(Array(text.utf8)))
    }

    static func problem(_ error: RequestError) -> Response {
        problem(
            status: error.status,
            detail: error.detail,
            headers: error == .noRoom ? ["Retry-After": "5"] : [:]
        )
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                result += "\\"
                result.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1f}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default:
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
