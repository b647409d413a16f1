public import Deployments

/// The lines that scroll by while deployments run: `[15:04:05] ↓ Pulling app:1`.
public struct EventLines: Sendable {
    /// How much is shown.
    public enum Detail: Sendable, Hashable, CaseIterable {
        /// Each change of stage, and each message that reports more than transferred bytes.
        case normal
        /// Like `normal`, with the details of the events below each line.
        case verbose
        /// Like `verbose`, with a line with the percentage for every event.
        case all
    }

    let detail: Detail
    let namesRows: Bool
    let style: TextStyle
    let time: TimeText
    private let pulse: Int64?

    /// The last event of each deployment, and when its last line was shown.
    private var told: [DeploymentID: Told] = [:]
    private var nameWidth = 0

    private struct Told {
        var id: Int64
        var stage: Stage
        var message: String
        var line: Timestamp
    }

    /// The number of columns of `[15:04:05] ICON `.
    static let margin = 13
    private static let greatestName = 32

    /// Makes lines of events.
    ///
    /// - Parameters:
    ///   - namesRows: whether the deployment's name is shown before the message.
    ///   - pulseSeconds: if a deployment had no line for this long, its next transfer of bytes is shown as
    ///     well; nil to show none. This is for outputs without a bar.
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

    /// Makes room for a name, so that messages are aligned from the first line on.
    public mutating func expect(_ name: String) {
        let width = DisplayWidth.of(printable(name))
        nameWidth = min(Self.greatestName, max(nameWidth, width))
    }

    /// Forgets what was shown of a deployment.
    public mutating func forget(_ id: DeploymentID) {
        told[id] = nil
    }

    /// The lines for an event whose number in the journal is `id`; none if it is not worth a line or was
    /// shown before.
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

    /// The lines for what a program has written since the last event, without the title that is shown above
    /// them.
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

    /// Whether the event only reports transferred bytes. If a transfer is complete, the progress has
    /// reached the end of the stage's range, and the event counts as more than that.
    private static func movesBytes(_ event: Event) -> Bool {
        guard event.detail?["bytes_done"] != nil else { return false }
        return !CopyOrder.allCases.contains {
            event.progress == event.stage.band($0).upperBound
        }
    }
}
