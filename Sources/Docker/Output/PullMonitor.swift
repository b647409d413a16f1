import Engine
import Synchronization

/// The progress of a pull, made from the command's output and from the sizes that the registry gives.
final class PullMonitor: Sendable {
    private let state = Mutex(State())
    private let firstLayer = AsyncStream.makeStream(of: Void.self)
    private let report: PullReport

    private struct State {
        var progress = PullProgress()
        var sawLayer = false
        /// The sizes are known, or will never be.
        var sizesSettled = false
    }

    /// - Parameter report: is told about every change.
    init(report: PullReport) {
        self.report = report
    }

    private func change<Value>(_ body: (inout State) -> Value) -> Value {
        state.withLock { state in
            defer {
                var known = PullReport.State()
                known.snapshot = state.progress.snapshot
                known.isSized = state.sizesSettled
                known.lines = state.progress.plainLines
                report.tell(known)
            }
            return body(&state)
        }
    }

    /// Takes the next bytes that the pull has written to its terminal.
    func feed(_ bytes: [UInt8]) {
        let isFirst = change { state in
            state.progress.feed(bytes)
            let seen = !state.sawLayer && state.progress.snapshot.layersTotal > 0
            if seen { state.sawLayer = true }
            return seen
        }
        if isFirst {
            firstLayer.continuation.yield()
            firstLayer.continuation.finish()
        }
    }

    /// Waits until the engine has named a layer. False if the task is cancelled before.
    func layersSeen() async -> Bool {
        for await _ in firstLayer.stream { return true }
        return state.withLock { $0.sawLayer }
    }

    /// Takes the sizes of the layers; nil if they cannot be had, so that the totals are those that the
    /// engine gives.
    func settle(_ layers: [Manifest.Layer]?) {
        change { state in
            if let layers { state.progress.setManifest(layers) }
            state.sizesSettled = true
        }
    }

    /// The last lines that are not about a layer.
    var plainLines: [String] { state.withLock { $0.progress.plainLines } }

    /// Whether the download of a layer was begun again.
    var hasRetried: Bool { state.withLock { $0.progress.hasRetried } }

    /// The pull has succeeded, so everything is done.
    func finish() -> PulledImage {
        let progress = change { state in
            state.progress.finish()
            return state.progress
        }
        return PulledImage(
            digest: progress.digest,
            isUpToDate: progress.plainLines.contains { $0.contains("Image is up to date") },
            snapshot: progress.snapshot
        )
    }
}
