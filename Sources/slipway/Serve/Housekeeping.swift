import Deployments
import Executor
import Journal
import Threads

/// Deletes what need not be kept any longer.
struct Housekeeping: Sendable {
    let journal: any Journal
    let retention: Retention
    let archives: ArchiveStore
    let log: ServerLog

    /// Deletes the deployments that are too old or too many, now and every hour, until the task is cancelled.
    func forgetDeployments() async {
        while !Task.isCancelled {
            do throws(JournalError) {
                let count = try await journal.prune(retention, at: .now())
                if count > 0 { log.note("\(count) old deployments were forgotten") }
            } catch {
                if Task.isCancelled { return }
                log.note("old deployments could not be forgotten: \(error)")
            }
            try? await Task.pause(for: .seconds(3600))  // If it is cancelled, the loop ends.
        }
    }

    /// Deletes the archives that were not used for long, now and every ten minutes, until the task is cancelled.
    func forgetArchives() async {
        while !Task.isCancelled {
            await archives.sweep()
            try? await Task.pause(for: .seconds(600))  // If it is cancelled, the loop ends.
        }
    }
}
