import Deployments
import HTTP
import Metrics
import Synchronization

/// How many event streams may be open: of a tenant, and of all.
final class StreamLimit: Sendable {
    private let count: Int
    private let access: AccessControl
    private let permits: StreamPermits
    /// Held from the look to the taking.
    private let turn = Mutex(())
    /// Streams that were one too many for their tenant.
    let refused = Counter()

    init(count: Int, access: AccessControl, permits: StreamPermits) {
        self.count = count
        self.access = access
        self.permits = permits
    }

    /// Takes a place for the event stream that a request asks for; refuses it if there is none.
    func take(for caller: Caller, _ request: Request) throws -> StreamPermit {
        try turn.withLock { _ in
            try check(for: caller)
            guard request.mayStream, let slot = permits.take(in: caller.streams) else {
                throw ProblemError(
                    ProblemDetails(
                        503,
                        "Service Unavailable",
                        "There are too many event streams."
                    ).with(header: "Retry-After", "5")
                )
            }
            return slot
        }
    }

    /// Refuses one more where a tenant has as many as it may.
    func check(for caller: Caller) throws {
        guard access.streamCount(of: caller.accessScope.tenant) >= count else { return }
        refused.add()
        throw ProblemError(
            ProblemDetails(
                429,
                "Too Many Requests",
                "\(count) event streams are open already; --max-streams-per-tenant allows more."
            ).with(header: "Retry-After", "5")
        )
    }
}
