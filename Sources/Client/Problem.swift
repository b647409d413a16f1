public import Deployments
internal import HTTP

/// An answer that is a refusal: problem details (RFC 9457), or whatever stood in their place.
public struct Problem: Sendable, Equatable, CustomStringConvertible {
    /// The status of the answer.
    public let status: Int
    /// A sentence.
    public let detail: String
    /// What is wrong with which field of a request.
    public let faults: [FieldFault]
    /// Whole seconds after which to ask again, where the server has said so.
    public let retryAfter: Int?

    /// A refusal with that status; `body` is what came with it.
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

    /// What `Retry-After` asks for where that is a number (RFC 9110 section 10.2.3), an hour at most.
    private static func seconds(_ text: String) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy(Bytes.isDigit) else { return nil }
        return min(Int(text) ?? .max, 3600)
    }

    /// No line of a server's is to look like one of ours.
    static func oneLine(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }

    /// The sentence, then a line for each fault.
    public var description: String {
        ([detail] + faults.filter { !$0.field.isEmpty }.map { "  \($0.field): \($0.message)" })
            .joined(separator: "\n")
    }
}
