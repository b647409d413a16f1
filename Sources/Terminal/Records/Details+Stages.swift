import Deployments

extension Details {
    private static let greatestBar = 32

    private struct Step {
        let name: String
        let status: TimelineEntry.StepStatus?
        let milliseconds: Int64?
    }

    /// The stages of the record, each with its time as a bar; the longest one fills the width.
    func stages(_ json: JSONValue, width: Int?) -> [String] {
        // Only stages of the deployment are shown: beside the times of the container, their bars would
        // vanish.
        let steps = (json["stages"]?.elements ?? []).compactMap { entry -> Step? in
            guard let name = entry["name"]?.string, WorkloadStep(rawValue: name) == nil else {
                return nil
            }
            return step(name, entry)
        }
        let longest = max(1, steps.compactMap(\.milliseconds).max() ?? 1)
        let names = steps.reduce(0) { max($0, DisplayWidth.of($1.name)) }
        let taken = Self.indent + 2 + names + 2 + RowLayout.elapsedWidth + 2
        let bar = min(Self.greatestBar, max(0, (width ?? 80) - 1 - taken))
        return steps.map { line($0, names: names, longest: longest, bar: bar) }
    }

    private func step(_ name: String, _ entry: JSONValue) -> Step {
        let start = entry["started_at"]?.string.flatMap(Timestamp.init(text:))
        let end = entry["finished_at"]?.string.flatMap(Timestamp.init(text:))
        let status = entry["status"]?.string.flatMap(TimelineEntry.StepStatus.init(rawValue:))
        let until = end ?? (status == .running ? now : nil)
        var time: Int64?
        if let start, let until { time = Timestamp.milliseconds(from: start, to: until) }
        return Step(
            name: printable(Stage(rawValue: name)?.words ?? name),
            status: status,
            milliseconds: time
        )
    }

    private func line(_ step: Step, names: Int, longest: Int64, bar: Int) -> String {
        let sign = step.status.map { StatusSign($0) }
        var line = Line(style)
        line.add(blanks: Self.indent)
        line.add(sign?.sign ?? " ", sign?.tint)
        line.add(blanks: 1)
        guard let time = step.milliseconds else {
            line.add(step.name)
            let word = sign?.word ?? ""
            guard step.status == .skipped else { return line.text }
            line.add(blanks: names - DisplayWidth.of(step.name) + 2)
            line.add(word, exactly: RowLayout.elapsedWidth, .right, .dim)
            return line.text
        }
        line.add(step.name, exactly: names)
        line.add(blanks: 2)
        let text = DurationText.precise(milliseconds: time)
        line.add(text, exactly: RowLayout.elapsedWidth, .right)
        let filled = Bar.filled(Double(time) / Double(longest), width: bar)
        if filled.width > 0 {
            line.add(blanks: 2)
            line.add(filled.text, sign?.tint)
        }
        return line.text
    }
}
