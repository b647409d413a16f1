import Docker
import Engine
import Synchronization

/// A pull's progress, fed by the command's output and read by those who tell it.
final class PullMonitor: Sendable {
    private let state = Mutex(State())
    private let firstLayer = AsyncStream.makeStream(of: Void.self)

    private struct State {
        var progress = PullProgress()
        var sawLayer = false
        /// Sizes are known, or will not be.
        var sizesSettled = false
    }

    /// Takes the next bytes of the pull's terminal.
    func feed(_ bytes: [UInt8]) {
        let isFirst = state.withLock { state in
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

    /// Gives the sizes of the layers by digest.
    func setManifest(_ layers: [Manifest.Layer]) {
        state.withLock { state in
            state.progress.setManifest(layers)
            state.sizesSettled = true
        }
    }

    /// The sizes cannot be had; totals are what the engine tells.
    func sizesUnknown() {
        state.withLock { $0.sizesSettled = true }
    }

    var snapshot: PullSnapshot { state.withLock { $0.progress.snapshot } }

    /// Whether totals are worth telling: before the sizes are settled they would only grow.
    var readyToTell: Bool { state.withLock { $0.sizesSettled } }

    /// The terminal's lines that are no layer's progress.
    var plainLines: [String] { state.withLock { $0.progress.plainLines } }

    /// Whether a layer's download was begun again.
    var hasRetried: Bool { state.withLock { $0.progress.hasRetried } }

    var upToDate: Bool { plainLines.contains { $0.contains("Image is up to date") } }

    /// The digest of the image under its name in the registry, once the engine has told it.
    var digest: String? { state.withLock { $0.progress.digest } }

    /// The pull has succeeded: everything is done.
    func finish() -> PullSnapshot {
        state.withLock { state in
            state.progress.finish()
            return state.progress.snapshot
        }
    }
}
