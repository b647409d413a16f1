import Deployments

/// Finds progress and stalls of a copy that is under way.
final class CopyStallDetector {
    /// The number of bytes of the whole archive.
    let archiveBytes: Int64
    /// The number of bytes of the files in it.
    let fileBytes: Int64
    /// A copy without movement for this long has stalled.
    let stallTimeout: Duration

    private let start = ContinuousClock.now
    private var reported: Int64 = 0
    private var lastMovement = Duration.zero
    private var rate = TransferRate()

    init(archiveBytes: Int64, fileBytes: Int64, options: ExecutorOptions) {
        self.archiveBytes = max(1, archiveBytes)
        self.fileBytes = fileBytes
        stallTimeout = options.stallTimeout
    }

    enum Assessment {
        case nothingNew
        case stalled
        /// This many bytes of the files have been sent.
        case moved(done: Int64, fraction: Double, detail: JSONValue)
    }

    /// Evaluates how many bytes of the archive have been taken so far.
    func assess(_ taken: Int64) -> Assessment {
        assess(taken, at: ContinuousClock.now - start)
    }

    func assess(_ taken: Int64, at time: Duration) -> Assessment {
        guard taken != reported else {
            return time - lastMovement > stallTimeout ? .stalled : .nothingNew
        }
        reported = taken
        lastMovement = time
        // The end is reported once the command has ended.
        guard taken < archiveBytes else { return .nothingNew }
        let fraction = Double(taken) / Double(archiveBytes)
        // Headers and padding do not belong to files, so the share that was sent is applied to the bytes of
        // the files.
        let done = min(fileBytes, Int64(Double(fileBytes) * fraction))
        rate.note(done, at: time)
        var members = [
            JSONMember("bytes_done", .integer(done)),
            JSONMember("bytes_total", .integer(fileBytes)),
        ]
        if let speed = rate.bytesPerSecond {
            members.append(JSONMember("bytes_per_second", .integer(speed)))
        }
        if let left = rate.secondsLeft(fileBytes - done) {
            members.append(JSONMember("eta_seconds", .integer(left)))
        }
        return .moved(done: done, fraction: fraction, detail: .object(members))
    }
}
