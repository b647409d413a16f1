/// How workloads are followed.
public struct WorkloadOptions: Sendable {
    /// How often each running container is probed.
    public var probeInterval: Duration = .seconds(10)
    /// The host in the URLs of published ports.
    public var publicHost = "localhost"

    /// How many containers are probed at once.
    let mostProbes = 16
    /// How many logs are read at once.
    let mostLogs = 32
    /// How many containers one command asks about.
    let batch = 25
    /// How long after a look the next look at the same container may come, however much happens to it.
    let inspectionPause: Duration = .milliseconds(300)
    /// How long after a deployment's end the container that it has replaced is looked at, if it still exists.
    let removalPause: Duration = .seconds(1)
    /// How long after a failed look the next one comes.
    let retryPause: Duration = .seconds(1)
    /// How often leftovers of failed deployments are looked for. The engine may still make a container
    /// after its client has gone.
    let sweepInterval: Duration = .seconds(600)
    /// How long after a failed sweep the next one comes.
    let sweepPause: Duration = .seconds(60)
    /// How long the engine is left alone after it was lost: the first pause, and the longest.
    let pauses: (Duration, Duration) = (.milliseconds(100), .seconds(5))

    /// The defaults.
    public init() {}
}
