public import Deployments

/// The full description of one deployment, for people.
public struct Details: Sendable {
    let now: Timestamp
    let style: TextStyle
    let time: TimeText

    static let indent = 2
    private static let nameWidth = 12

    /// Makes details as of `now`; `utcOffset` gives the seconds that local time is east of UTC.
    public init(
        now: Timestamp,
        style: TextStyle,
        utcOffset: @escaping @Sendable (Timestamp) -> Int
    ) {
        self.now = now
        self.style = style
        time = TimeText(utcOffset: utcOffset)
    }

    /// The lines of a deployment's record. They are not shortened, because people copy from them; only the
    /// chart of the stages keeps to the `width`.
    public func lines(_ json: JSONValue, width: Int? = nil) -> [String] {
        let record = RecordView(json)
        var lines = [headline(record), ""]
        lines += facts(record).lines(indent: Self.indent, width: Self.nameWidth, style)
        for (title, section) in [
            ("Stages", stages(json, width: width)),
            ("Ports", ports(json)),
            ("Container", workload(json)),
            ("Failure", failure(json)),
        ] where !section.isEmpty {
            lines += ["", style.bold(title)] + section
        }
        return lines
    }

    private func headline(_ record: RecordView) -> String {
        let name = style.bold(printable(record.app.isEmpty ? "deployment" : record.app))
        guard let status = record.status else { return name }
        let sign = StatusSign(status)
        var words = "\(sign.sign) \(sign.word)"
        if status == .inProgress { words += ": \(printable(record.stageAndProgress))" }
        return "\(name)  \(style.paint(words, sign.tint))"
    }

    private func facts(_ record: RecordView) -> FieldBlock {
        let json = record.json
        let metadata = json["result"]?["metadata"]
        var block = FieldBlock()
        block.add("id", record.id)
        block.add("environment", record.environment)
        block.add("tenant", record.text("tenant"))
        block.add("message", record.failureCode == nil ? record.text("message") : nil)
        block.add("files of", SourceText.text(metadata?["source"]))
        block.add("image", record.text("image"))
        block.add("image digest", metadata?["image_digest"]?.string)
        block.add("container", record.text("container_name"))
        block.add("container id", json["result"]?["deployment_id"]?.string)
        block.add("replaced", metadata?["replaced"]?.string)
        block.add("order", metadata?["order"]?.string)
        block.add("requested", record.createdAt.map(told))
        block.add("ended", record.finishedAt.map(told))
        block.add("took", record.duration(now).map { DurationText.text(milliseconds: $0) })
        block.add("metadata", json["metadata"].flatMap { $0.isNull ? nil : $0.text })
        return block
    }

    private func ports(_ json: JSONValue) -> [String] {
        let result = json["result"]?["metadata"]
        let workload = json["workload"]
        // A host port that the engine chooses can change at every start, so the container's own values are
        // used.
        let source = workload?.members == nil ? result : workload
        let urls = source?["urls"]?.members ?? []
        let health = workload?.members == nil ? result?["health_status"] : workload?["health"]
        var block = FieldBlock()
        for member in urls {
            let isHealthy = health?[member.name]?.bool
            let words = EventLines.health(isHealthy)
            let text = [member.value.string ?? "", words].joined(separator: "  ")
            block.add(member.name, text, EventLines.tint(isHealthy))
        }
        return block.lines(indent: Self.indent, width: Self.nameWidth, style)
    }

    private func workload(_ json: JSONValue) -> [String] {
        guard let workload = json["workload"], workload.members != nil else { return [] }
        let state = RecordView(json).workload
        var block = FieldBlock()
        if let state {
            let sign = StatusSign(state)
            block.add("state", "\(sign.sign) \(sign.word)", sign.tint)
        } else {
            block.add("state", workload["state"]?.string)
        }
        block.add("since", workload["since"]?.string.flatMap(Timestamp.init(text:)).map(told))
        block.add("exit code", workload["exit_code"]?.integer.map { "\($0)" })
        block.add("endpoint", workload["endpoint_url"]?.string)
        return block.lines(indent: Self.indent, width: Self.nameWidth, style)
    }

    private func failure(_ json: JSONValue) -> [String] {
        guard let failure = json["failure"], failure.members != nil else { return [] }
        return FailureBlock.lines(failure, indent: Self.indent, style: style)
    }

    private func told(_ moment: Timestamp) -> String {
        "\(time.absolute(moment))  (\(TimeText.relative(moment, now: now)))"
    }
}
