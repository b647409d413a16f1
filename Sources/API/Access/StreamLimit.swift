import Deployments
import HTTP
import Metrics
import Synchronization

/// Limits the number of open event streams, of each tenant and of all together.
final class StreamLimit: Sendable {
    private let count: Int
    private let access: AccessControl
    private let permits: StreamPermits
    /// Held from the check until the stream is counted.
    private let turn = Mutex(())
    /// The number of streams that were refused because of the tenant's limit.
    let refused = Counter()

    init(count: Int, access: AccessControl, permits: StreamPermits) {
        self.count = count
        self.access = access
        self.permits = permits
    }

    /// Takes a permit for the event stream of a request; throws if there is none.
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

    /// Throws if the tenant already has as many streams as it may.
    func check(for caller: Caller) throws {
        guard access.streamCount(of: caller.accessScope.tenant) >= count else { return }
        refused.add()
        throw ProblemError(
            ProblemDetails(
                429,
                "Too Many Requests",
                "\(count) event streams are already open; --max-streams-per-tenant sets the limit."
            ).with(header: "Retry-After", "5")
        )
    }
}
