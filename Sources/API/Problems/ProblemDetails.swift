import Deployments
import HTTP

/// A problem answer: `application/problem+json` (RFC 9457).
struct ProblemDetails: Sendable {
    let status: Int
    let title: String
    let detail: String
    var extensions: [JSONMember] = []
    var headers: [(String, String)] = []

    /// Creates a problem of a status; the texts are for a person.
    init(_ status: Int, _ title: String, _ detail: String) {
        self.status = status
        self.title = title
        self.detail = detail
    }

    /// Adds a member to the problem, for a program.
    func with(_ name: String, _ value: JSONValue) -> ProblemDetails {
        var copy = self
        copy.extensions.append(JSONMember(name, value))
        return copy
    }

    /// Adds a header field to the answer.
    func with(header name: String, _ value: String) -> ProblemDetails {
        var copy = self
        copy.headers.append((name, value))
        return copy
    }

    /// The greatest size of a refusal, whatever was refused.
    private static let mostBytes = 16_384

    /// The answer. It may contain messages of other programs, at any length.
    var response: Response {
        let members =
            [
                JSONMember("type", "about:blank"),
                JSONMember("title", .string(title)),
                JSONMember("status", .integer(status)),
                JSONMember("detail", .string(detail.cut(to: 2000))),
            ] + extensions
        return Response(
            status: status,
            headers: HeaderFields(
                [("Content-Type", "application/problem+json"), ("Cache-Control", "no-store")]
                    + headers
            ),
            body: .bytes(Array(JSONValue.object(members).text.utf8))
        )
    }

    /// No deployment with that id is known.
    static func unknownDeployment(_ id: String) -> ProblemDetails {
        ProblemDetails(404, "Not Found", "There is no deployment \(id.excerpt).")
    }

    /// Lists the faults of a request in `errors`. If there are very many, only the first are
    /// listed, so that the answer is not many times as large as the request.
    static func faults(_ faults: [FieldFault]) -> ProblemDetails {
        var errors: [JSONValue] = []
        // The rest of the answer takes some hundreds of bytes.
        var left = mostBytes - 1024
        for fault in faults.prefix(100) {
            let error: JSONValue = [
                "field": .string(fault.field), "message": .string(fault.message),
            ]
            left -= error.text.utf8.count + 1
            guard left >= 0 else { break }
            errors.append(error)
        }
        let count = faults.count == 1 ? "1 fault" : "\(faults.count) faults"
        let those = faults.count > errors.count ? " The first \(errors.count) are listed." : ""
        return ProblemDetails(400, "Bad Request", "The request has \(count).\(those)")
            .with("errors", .array(errors))
    }
}

extension Response {
    /// A JSON answer.
    static func json(
        _ value: JSONValue,
        status: Int = 200,
        headers: [(String, String)] = []
    ) -> Response {
        .json(text: value.text, status: status, headers: headers)
    }

    /// A JSON answer whose text has already been written.
    static func json(
        text: String,
        status: Int = 200,
        headers: [(String, String)] = []
    ) -> Response {
        Response(
            status: status,
            headers: HeaderFields(
                [("Content-Type", "application/json"), ("Cache-Control", "no-cache")] + headers
            ),
            body: .bytes(Array(text.utf8))
        )
    }
}
