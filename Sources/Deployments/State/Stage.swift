/// The stage of a deployment: a step of the pipeline, or the way in which it ended.
public enum Stage: String, Sendable, Hashable, CaseIterable {
    case queued
    case validating
    case pullingImage = "pulling_image"
    case preparingFiles = "preparing_files"
    case startingContainer = "starting_container"
    case copyingFiles = "copying_files"
    case healthCheck = "health_check"
    case completed
    case error
    case cancelled
    case superseded

    /// Whether no event can follow this stage.
    public var isFinal: Bool {
        switch self {
        case .completed, .error, .cancelled, .superseded: true
        default: false
        }
    }

    /// The six stages of the pipeline in the order that `copy` requires.
    public static func pipeline(_ copy: CopyOrder) -> [Stage] {
        switch copy {
        case .afterStart, .none:
            [
                .validating, .pullingImage, .preparingFiles, .startingContainer, .copyingFiles,
                .healthCheck,
            ]
        case .beforeStart:
            [
                .validating, .pullingImage, .preparingFiles, .copyingFiles, .startingContainer,
                .healthCheck,
            ]
        }
    }

    /// The percentages that the stage may report. The bands of starting and copying depend on their
    /// order in the pipeline.
    public func band(_ copy: CopyOrder) -> ClosedRange<Int> {
        switch self {
        case .queued: 0...0
        case .validating: 5...5
        case .pullingImage: 10...30
        case .preparingFiles: 35...45
        case .startingContainer: copy == .beforeStart ? 70...85 : 50...65
        case .copyingFiles: copy == .beforeStart ? 50...65 : 70...85
        case .healthCheck: 90...100
        case .completed, .error, .cancelled, .superseded: 100...100
        }
    }
}

/// When the files are copied into the container.
public enum CopyOrder: String, Sendable, CaseIterable {
    /// The files are copied into the running container.
    case afterStart = "after_start"
    /// The files are copied into the created container before its program runs.
    case beforeStart = "before_start"
    /// Nothing is copied, because the image has everything.
    case none
}
