/// The end of a container's log, with the lines of each stream by themselves.
///
/// A line is everything up to a line feed on one stream. What the other stream wrote meanwhile is not
/// mixed into it.
public struct ContainerLog: Sendable, Equatable {
    /// A line of one stream.
    public struct Line: Sendable, Equatable {
        /// When its first piece was written: RFC 3339 with nanoseconds in UTC, which sorts as text.
        public var time: String
        /// The line without its line feed.
        public var text: String

        /// A line.
        public init(time: String, text: String) {
            self.time = time
            self.text = text
        }
    }

    /// The last lines of the standard output, the oldest first.
    public var output: [Line]
    /// The last lines of the standard error, the oldest first.
    public var errors: [Line]
    /// Whether the last line of the output is incomplete.
    public var outputIsCut: Bool
    /// Whether the last line of the errors is incomplete.
    public var errorsAreCut: Bool

    /// A log.
    public init(
        output: [Line] = [],
        errors: [Line] = [],
        outputIsCut: Bool = false,
        errorsAreCut: Bool = false
    ) {
        self.output = output
        self.errors = errors
        self.outputIsCut = outputIsCut
        self.errorsAreCut = errorsAreCut
    }

    /// The last lines of both streams, in the order of their times. Each stream may fill half of them,
    /// however much the other has written.
    public static func merge(_ output: [Line], _ errors: [Line], last count: Int) -> [Line] {
        let half = count / 2
        let fromErrors = min(errors.count, max(half, count - output.count))
        let fromOutput = min(output.count, count - fromErrors)
        // Sorting is stable: lines of one stream and one time stay in their order.
        return (output.suffix(fromOutput) + errors.suffix(fromErrors))
            .sorted { $0.time < $1.time }
    }
}
