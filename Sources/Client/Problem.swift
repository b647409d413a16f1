public import Deployments
internal import HTTP

/// An answer that refuses a request: problem details (RFC 9457), or what the server has sent in their
/// place.
public struct Problem: Sendable, Equatable, CustomStringConvertible {
    /// The status of the answer.
    public let status: Int
    /// What is wrong, as a sentence.
    public let detail: String
    /// What is wrong with the fields of the request.
    public let faults: [FieldFault]
    /// The whole seconds to wait before another attempt, if the server has said so.
    public let retryAfter: Int?

    /// A refusal with that status; `body` is the content of the answer.
    init(status: Int, retryAfter: String?, body: [UInt8]) {
        self.status = status
        self.retryAfter = retryAfter.flatMap(Self.seconds)
        let json = try? JSONValue(parsing: body)
        detail = Self.oneLine(
            json?["detail"]?.string ?? json?["title"]?.string ?? "the server answered \(status)"
        )
        faults = (json?["errors"]?.elements ?? []).compactMap { entry in
            guard let field = entry["field"]?.string, let message = entry["message"]?.string else {
                return nil
            }
            return FieldFault(field: Self.oneLine(field), message: Self.oneLine(message))
        }
    }

    /// The value of `Retry-After` if it is a number (RFC 9110 section 10.2.3), at most an hour.
    private static func seconds(_ text: String) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy(Bytes.isDigit) else { return nil }
        return min(Int(text) ?? .max, 3600)
    }

    /// The text on one line, so that no line from the server can look like one of this program's.
    static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }

    /// The sentence, followed by a line for each fault.
    public var description: String {
        ([detail] + faults.filter { !$0.field.isEmpty }.map { "  \($0.field): \($0.message)" })
            .joined(separator: "\n")
    }
}
