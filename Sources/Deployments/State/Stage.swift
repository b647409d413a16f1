/// Where a deployment stands: a step of the pipeline, or how it ended.
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

    /// Whether no event can follow.
    public var isFinal: Bool {
        switch self {
        case .completed, .error, .cancelled, .superseded: true
        default: false
        }
    }

    /// The six steps of the pipeline in the order in which `copy` has them done.
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

    /// The percentages the stage may report. The bands of starting and copying belong to their
    /// place in the pipeline, so they change with the order.
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

/// When the folder's content goes into the container.
public enum CopyOrder: String, Sendable, CaseIterable {
    /// Into the running container.
    case afterStart = "after_start"
    /// Into the created container, before its program runs.
    case beforeStart = "before_start"
    /// Not at all: the image has everything.
    case none
}
