/// An answer. The server itself adds `Date`, `Content-Length` or `Transfer-Encoding`, and
/// `Connection`; values for the first three in the fields are ignored.
public struct Response: Sendable {
    /// The kinds of content.
    public enum Body: Sendable {
        /// There is no content.
        case empty
        /// The whole content.
        case bytes([UInt8])
        /// Events as they occur, as `text/event-stream`.
        case events(EventSubscription)
        /// Content that is made while it is sent.
        case stream(ContentStream)
    }

    /// The status code, from 200 to 599.
    public var status: Int
    /// The header fields. `Connection: close` ends the connection after this answer. A field is not
    /// sent if its name is not a token or its value holds a control byte.
    public var headers: HeaderFields
    /// The content. It is not sent for HEAD, 204 and 304.
    public var body: Body
    /// The group of streams that the response belongs to and ends with. Used for `events` and
    /// `stream` only.
    public var group: StreamGroup?
    /// The permit for the stream of `events`, if it was taken before.
    public var slot: StreamPermit?

    /// Creates an answer.
    public init(status: Int, headers: HeaderFields = HeaderFields(), body: Body = .empty) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Creates an answer of `application/problem+json` (RFC 9457) with the type `about:blank`.
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
