/// How busy an executor is, and what it has had to refuse since its start.
public struct ExecutorStatistics: Sendable, Equatable {
    /// Deployments that run at the moment.
    public private(set) var running = 0
    /// Deployments that wait at the moment.
    public private(set) var waiting = 0
    /// Deployments that were refused because the queue was full.
    public internal(set) var refusedDeployments = 0
    /// Plans that were refused because too many were being made.
    public internal(set) var refusedChecks = 0

    func with(running: Int, waiting: Int) -> ExecutorStatistics {
        var copy = self
        copy.running = running
        copy.waiting = waiting
        return copy
    }
}
