/// How workloads are followed.
public struct WorkloadOptions: Sendable {
    /// How often each running container is probed.
    public var probeInterval: Duration = .seconds(10)
    /// The host in the URLs of published ports.
    public var publicHost = "localhost"

    /// Containers that are probed at once.
    let mostProbes = 16
    /// Logs that are read at once.
    let mostLogs = 32
    /// Containers that one command asks for.
    let batch = 25
    /// How long after a look a container is not looked at again, however much happens to it.
    let lookPause: Duration = .milliseconds(300)
    /// How long after a deployment's end the container that it has replaced may take to be gone.
    let removalPause: Duration = .seconds(1)
    /// How long after a look that failed the next is taken.
    let retryPause: Duration = .seconds(1)
    /// How often what failed deployments have left is looked for: the engine may make a container
    /// after whoever asked for it has gone.
    let sweepInterval: Duration = .seconds(600)
    /// How long after a sweep that failed the next is tried.
    let sweepPause: Duration = .seconds(60)
    /// How long the engine is left alone after it was lost: at first, and at most.
    let pauses: (Duration, Duration) = (.milliseconds(100), .seconds(5))

    /// The defaults.
    public init() {}
}
