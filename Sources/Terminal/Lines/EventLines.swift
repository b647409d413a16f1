public import Deployments

/// The lines that scroll by while deployments go on: `[15:04:05] ↓ Pulling app:1`.
public struct EventLines: Sendable {
    /// How much is told.
    public enum Detail: Sendable, Hashable, CaseIterable {
        /// Each change of stage, and each message that is not mere movement of bytes.
        case normal
        /// As `normal`, with what the events tell in numbers and names below each line.
        case verbose
        /// As `verbose`, and a line with the percentage for every event.
        case all
    }

    let detail: Detail
    let namesRows: Bool
    let style: TextStyle
    let time: TimeText
    private let pulse: Int64?

    /// What was told of each deployment.
    private var told: [DeploymentID: Told] = [:]
    private var nameWidth = 0

    private struct Told {
        var id: Int64
        var stage: Stage
        var message: String
        var line: Timestamp
    }

    /// The columns of `[15:04:05] ICON `.
    static let margin = 13
    private static let greatestName = 32

    /// Lines of events.
    ///
    /// - Parameters:
    ///   - namesRows: whether the deployment's name stands before the message.
    ///   - pulseSeconds: after so long without a line a deployment's next movement of bytes is
    ///     told all the same; never where nil. For outputs without a bar.
    ///   - utcOffset: the seconds that local time is east of UTC at a moment.
    public init(
        detail: Detail,
        namesRows: Bool,
        style: TextStyle,
        pulseSeconds: Int? = nil,
        utcOffset: @escaping @Sendable (Timestamp) -> Int
    ) {
        self.detail = detail
        self.namesRows = namesRows
        self.style = style
        pulse = pulseSeconds.map { Int64($0) * 1_000_000 }
        time = TimeText(utcOffset: utcOffset)
    }

    /// Makes room for a name, so that messages line up from the first line on.
    public mutating func expect(_ name: String) {
        let width = DisplayWidth.of(printable(name))
        nameWidth = min(Self.greatestName, max(nameWidth, width))
    }

    /// Forgets what was told of a deployment.
    public mutating func forget(_ id: DeploymentID) {
        told[id] = nil
    }

    /// The lines that tell of an event, which the journal has numbered `id`; none where it is not
    /// worth one, or was told.
    public mutating func lines(for event: Event, id: Int64, name: String) -> [String] {
        let before = told[event.deploymentID]
        if let before, id <= before.id { return [] }
        let movesBytes = Self.movesBytes(event) && event.stage == before?.stage
        let isLate = pulse.map { pulse in
            event.timestamp.microseconds - (before?.line ?? event.timestamp).microseconds >= pulse
        }
        let isNews =
            event.stage != before?.stage || event.stage.isFinal
            || (!movesBytes && event.message != before?.message)
        let isTold = isNews || detail == .all || (movesBytes && isLate == true)
        told[event.deploymentID] = Told(
            id: id,
            stage: event.stage,
            message: movesBytes ? before?.message ?? "" : event.message,
            line: isTold ? event.timestamp : before?.line ?? event.timestamp
        )
        guard isTold else { return output(of: event) }
        expect(name)
        var lines = [headline(event, name: name, before: before?.stage)]
        if let outcome = event.outcome {
            lines += self.lines(outcome, said: event.message)
        } else if detail != .normal, isNews, let members = event.detail?.members {
            lines += DetailLines.lines(members, indent: Self.margin, style)
        }
        return lines
    }

    /// What a program has written since, below what was told of it: without its title.
    private func output(of event: Event) -> [String] {
        guard detail != .normal, !namesRows, let output = event.detail?["output"] else { return [] }
        let lines = DetailLines.lines(
            [JSONMember("output", output)],
            indent: Self.margin,
            style
        )
        return Array(lines.dropFirst())
    }

    private func headline(_ event: Event, name: String, before: Stage?) -> String {
        let isNew = event.stage != before || event.stage.isFinal
        var line = style.dim("[\(time.clock(event.timestamp))]") + " "
        line += isNew ? style.paint(event.stage.sign, event.stage.tint) : style.dim("·")
        line += " "
        if detail == .all {
            let percent = "\(min(max(event.progress, 0), 100))%"
            line += style.dim(DisplayWidth.padded(percent, 4, .right)) + " "
        }
        if namesRows {
            line += style.bold(DisplayWidth.exactly(printable(name), nameWidth)) + "  "
        }
        let message = printable(event.message)
        return line + (event.stage.isFinal ? style.paint(message, event.stage.tint) : message)
    }

    /// Whether the event tells of no more than how many bytes have moved. What ends a stage's
    /// movement has come to the end of the stage's band.
    private static func movesBytes(_ event: Event) -> Bool {
        guard event.detail?["bytes_done"] != nil else { return false }
        return !CopyOrder.allCases.contains {
            event.progress == event.stage.band($0).upperBound
        }
    }
}
