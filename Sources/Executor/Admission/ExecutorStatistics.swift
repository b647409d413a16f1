/// How busy an executor is, and how much it has refused since its start.
public struct ExecutorStatistics: Sendable, Equatable {
    /// The number of deployments that run at the moment.
    public private(set) var running = 0
    /// The number of deployments that wait at the moment.
    public private(set) var waiting = 0
    /// The number of deployments that were refused because the queue was full.
    public internal(set) var refusedDeployments = 0
    /// The number of checks that were refused because too many were under way.
    public internal(set) var refusedChecks = 0

    func with(running: Int, waiting: Int) -> ExecutorStatistics {
        var copy = self
        copy.running = running
        copy.waiting = waiting
        return copy
    }
}
