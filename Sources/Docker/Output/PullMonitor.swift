import Engine
import Synchronization

/// A pull's progress, fed by the command's output and by what the registry tells of the layers.
final class PullMonitor: Sendable {
    private let state = Mutex(State())
    private let firstLayer = AsyncStream.makeStream(of: Void.self)
    private let report: PullReport

    private struct State {
        var progress = PullProgress()
        var sawLayer = false
        /// Sizes are known, or will not be.
        var sizesSettled = false
    }

    /// - Parameter report: is told of everything.
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

    /// Takes the next bytes of the pull's terminal.
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

    /// Waits until the engine has named a layer. False when the task is cancelled before.
    func layersSeen() async -> Bool {
        for await _ in firstLayer.stream { return true }
        return state.withLock { $0.sawLayer }
    }

    /// Gives the sizes of the layers by digest; nil if they cannot be had, and totals are what the
    /// engine tells.
    func settle(_ layers: [Manifest.Layer]?) {
        change { state in
            if let layers { state.progress.setManifest(layers) }
            state.sizesSettled = true
        }
    }

    /// The terminal's lines that are no layer's progress.
    var plainLines: [String] { state.withLock { $0.progress.plainLines } }

    /// Whether a layer's download was begun again.
    var hasRetried: Bool { state.withLock { $0.progress.hasRetried } }

    /// The pull has succeeded: everything is done.
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
