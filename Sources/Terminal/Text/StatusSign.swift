import Deployments

/// How a status is shown: a sign of one column, a word, and a colour that means the same.
struct StatusSign {
    let sign: String
    let word: String
    let tint: TextStyle.Tint

    init(_ status: DeploymentStatus) {
        switch status {
        case .queued: self.init("○", "queued", .dim)
        case .inProgress: self.init("●", "running", .cyan)
        case .success: self.init("✓", "completed", .green)
        case .failed: self.init("✗", "failed", .red)
        case .cancelled: self.init("⊘", "cancelled", .yellow)
        case .superseded: self.init("⊘", "superseded", .yellow)
        }
    }

    /// The sign of a step of a timeline.
    init(_ status: TimelineEntry.StepStatus) {
        switch status {
        case .pending: self.init("○", "to come", .dim)
        case .running: self.init("●", "at work", .cyan)
        case .success: self.init("✓", "done", .green)
        case .failed: self.init("✗", "failed", .red)
        case .skipped: self.init("-", "skipped", .dim)
        }
    }

    /// The sign of a workload's state.
    init(_ state: WorkloadState) {
        switch state {
        case .running: self.init("●", "running", .green)
        case .unhealthy: self.init("!", "unhealthy", .red)
        case .restarting: self.init("!", "restarting", .yellow)
        case .stopping: self.init("○", "stopping", .yellow)
        case .stopped: self.init("○", "stopped", .dim)
        case .removed: self.init("○", "removed", .dim)
        }
    }

    private init(_ sign: String, _ word: String, _ tint: TextStyle.Tint) {
        self.sign = sign
        self.word = word
        self.tint = tint
    }
}

extension Stage {
    /// The name of the stage, in at most 15 columns.
    var words: String {
        switch self {
        case .queued: "queued"
        case .validating: "validating"
        case .pullingImage: "pulling image"
        case .preparingFiles: "preparing files"
        case .startingContainer: "starting"
        case .copyingFiles: "copying files"
        case .healthCheck: "health check"
        case .completed: "completed"
        case .error: "failed"
        case .cancelled: "cancelled"
        case .superseded: "superseded"
        }
    }

    /// A sign of one column for the line that begins the stage.
    var sign: String {
        switch self {
        case .queued: "○"
        case .validating: "◇"
        case .pullingImage: "↓"
        case .preparingFiles: "≡"
        case .startingContainer: "▸"
        case .copyingFiles: "→"
        case .healthCheck: "◎"
        case .completed: "✓"
        case .error: "✗"
        case .cancelled, .superseded: "⊘"
        }
    }

    var tint: TextStyle.Tint {
        switch self {
        case .completed: .green
        case .error: .red
        case .cancelled, .superseded: .yellow
        default: .cyan
        }
    }
}
