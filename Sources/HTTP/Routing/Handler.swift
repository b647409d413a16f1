/// Answers a request. Runs on Swift's own pool, in a task that is cancelled when the client leaves
/// before the answer.
public typealias Handler = @Sendable (Request) async -> Response
