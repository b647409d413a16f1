import Threads

extension SourceRoots {
    /// Collects a folder whose path was resolved before, unless the task is cancelled.
    ///
    /// - Parameters:
    ///   - kept: a file that is copied even if `.dockerignore` excludes it.
    ///   - stall: how long the disk may take to answer.
    func collect(
        _ folder: String,
        keeping kept: String? = nil,
        stall: Duration
    ) async -> Result<SourceFolder, SourceFolder.Unreadable> {
        do throws(SourceFolder.Unreadable) {
            let held = try await open(folder, within: stall)
            let walk = StepwiseWork(FolderWalk(held, path: folder, keeping: kept), on: held.disk)
            do {
                while try await !walk.step(
                    within: stall,
                    { walk, abandonment in
                        try walk.step(isAbandoned: { abandonment.isAbandoned })
                    }
                ) {}
                let entries = try await walk.step(within: stall) { walk, _ in walk.entries }
                let source = SourceFolder(.folder(held), entries: entries)
                guard source.byteCount < Int64.max else {
                    throw SourceFolder.Unreadable(
                        path: folder,
                        reason: "its files together are too large to be sent"
                    )
                }
                return .success(source)
            } catch {
                throw SourceFolder.Unreadable(path: folder, error, stall)
            }
        } catch {
            return .failure(error)
        }
    }
}
