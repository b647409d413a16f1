/// Answers a request. It runs on Swift's own pool, in a task that is cancelled if the client leaves
/// before the answer.
public typealias Handler = @Sendable (Request) async -> Response
