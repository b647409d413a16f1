import Deployments
import Metrics

/// How many event streams a tenant may have open.
struct StreamLimit: Sendable {
    let count: Int
    let access: AccessControl
    /// Streams that were one too many.
    let refused = Counter()

    /// Refuses one more where there are as many as there may be.
    func check(for caller: Caller) throws {
        guard access.streamCount(of: caller.reach.tenant) >= count else { return }
        refused.add()
        throw Refusal(
            ProblemDetails(
                429,
                "Too Many Requests",
                "\(count) event streams are open already; --max-streams-per-tenant allows more."
            ).with(header: "Retry-After", "5")
        )
    }
}
