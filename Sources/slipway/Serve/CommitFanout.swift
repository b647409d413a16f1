import API
import Deployments
import Feed
import Journal
import Sockets
import Threads
import Webhooks
import Workloads

/// Gives what was committed to all who follow it, in the order of the commits.
struct CommitFanout: Sendable {
    let streams: DeploymentStreams
    let workloads: WorkloadMonitor
    let webhooks: Webhooks
    let log: ServerLog
    let metrics: DeploymentMetrics

    /// Returns when the task is cancelled.
    func run(_ commits: some AsyncSequence<[Commit], Never> & Sendable) async {
        // The memory that the start and each deployment needed is given back.
        func rest() -> Alarm { Alarm(after: .seconds(5)) { Heap.giveBack() } }
        var alarm = rest()
        for await commits in commits {
            let events = commits.map(\.event)
            if events.contains(where: \.isFinal) {
                alarm.cancel()
                alarm = rest()
            }
            streams.publish(events)
            workloads.publish(events)
            webhooks.publish(commits)
            log.write(events)
            metrics.publish(commits)
        }
    }
}
