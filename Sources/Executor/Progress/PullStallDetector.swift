import Deployments
import Engine

/// Finds progress and stalls of a pull that is under way.
final class PullStallDetector {
    private let start = ContinuousClock.now
    private let stallTimeout: Duration
    private var reported: PullSnapshot?
    private var movement = 0
    private var lastMovement = Duration.zero
    private var rate = TransferRate()

    init(options: ExecutorOptions) {
        stallTimeout = options.stallTimeout
    }

    enum Assessment {
        case nothingNew
        case stalled
        case moved(PullSnapshot, detail: JSONValue)
    }

    /// Evaluates how far the pull has come. A stall is always reported, progress only if the totals are
    /// worth reporting.
    func assess(_ snapshot: PullSnapshot, isWorthTelling: Bool) -> Assessment {
        assess(snapshot, isWorthTelling: isWorthTelling, at: ContinuousClock.now - start)
    }

    func assess(
        _ snapshot: PullSnapshot,
        isWorthTelling: Bool,
        at time: Duration
    ) -> Assessment {
        if snapshot.movement != movement {
            movement = snapshot.movement
            lastMovement = time
        } else if time - lastMovement > stallTimeout {
            return .stalled
        }
        guard isWorthTelling, snapshot.layersTotal > 0, hasNews(snapshot) else {
            return .nothingNew
        }
        reported = snapshot
        rate.note(snapshot.bytesDone, at: time)
        let left = snapshot.bytesTotal - snapshot.bytesDone
        return .moved(
            snapshot,
            detail: snapshot.detail(
                rate: left > 0 ? rate.bytesPerSecond : nil,
                left: left > 0 ? rate.secondsLeft(left) : nil
            )
        )
    }

    private func hasNews(_ snapshot: PullSnapshot) -> Bool {
        guard let reported else { return true }
        return snapshot.bytesDone != reported.bytesDone
            || snapshot.layersDone != reported.layersDone
            || snapshot.retrying != reported.retrying
            || snapshot.fraction > reported.fraction + 0.004
    }
}
