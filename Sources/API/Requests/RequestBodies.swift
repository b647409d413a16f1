import Deployments
import HTTP

/// Parses the bodies of requests. Large ones are parsed one after the other, because a megabyte
/// takes some milliseconds and the server has only as many threads as cores.
actor RequestBodies {
    /// The size up to which bodies may be parsed at the same time.
    private static let small = 65_536

    /// Parses the JSON of a body and passes it to `use`.
    nonisolated func read<Value: Sendable>(
        _ body: [UInt8],
        _ use: @Sendable (JSONValue) throws -> Value
    ) async throws -> Value {
        guard body.count > Self.small else { return try use(Self.json(body)) }
        return try await inTurn { try use(Self.json(body)) }
    }

    private func inTurn<Value: Sendable>(_ work: @Sendable () throws -> Value) throws -> Value {
        try Task.checkCancellation()
        return try work()
    }

    private static func json(_ body: [UInt8]) throws -> JSONValue {
        do throws(JSONSyntaxError) {
            return try JSONValue(parsing: body, within: .request)
        } catch {
            throw ProblemError(
                ProblemDetails(
                    400,
                    "Bad Request",
                    body.isEmpty
                        ? "The body is empty; it must be a JSON object."
                        : "The body is not JSON: \(error.reason)"
                ).with("errors", .array([["field": "", "message": .string(error.reason)]]))
            )
        }
    }
}
