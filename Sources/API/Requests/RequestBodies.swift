import Deployments
import HTTP

/// Reads what requests hold. Large ones come one after the other: reading a megabyte takes some
/// milliseconds, and whatever else the server does runs on as many threads as there are cores.
actor RequestBodies {
    /// What may be read at once by all who ask.
    private static let small = 65_536

    /// The JSON of a body, and what else is to be made of it.
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
