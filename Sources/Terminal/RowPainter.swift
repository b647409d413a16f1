import Deployments

/// Makes the line of one deployment in a watch.
struct RowPainter {
    let layout: RowLayout
    /// The columns that the line may take.
    let width: Int
    let now: Timestamp
    let style: TextStyle

    func line(_ row: WatchRow) -> String {
        let sign = StatusSign(row.state.status)
        var line = Line(style)
        if layout.hasSign(in: width) {
            let atWork = row.state.status == .inProgress
            line.add(atWork ? Spinner.frame(now) : sign.sign, width: 1, sign.tint)
            line.add(blanks: 1)
        }
        guard layout.percent else {
            // Not even a percentage has room.
            return width > 0 ? style.paint(sign.sign, sign.tint) : ""
        }
        if layout.name > 0 {
            let isOver = row.state.isFinal
            line.add(row.label, exactly: layout.name, .left, isOver ? nil : .bold)
        }
        if layout.ticks {
            line.add(blanks: 2)
            addTicks(row.state, to: &line)
        }
        if layout.stage {
            line.add(blanks: layout.ticks ? 1 : 2)
            let tint: TextStyle.Tint? = row.state.isFinal ? sign.tint : nil
            line.add(row.state.stage.words, exactly: RowLayout.stageWidth, .left, tint)
        }
        if layout.bar > 0 {
            line.add(blanks: layout.ticks || layout.stage ? 1 : 2)
            let bar = Bar.framed(row.progress, width: layout.bar, tint: sign.tint, style)
            line.add(painted: bar, width: layout.bar + 2)
        }
        if layout.name > 0 { line.add(blanks: 1) }
        line.add("\(row.progress)%", exactly: RowLayout.percentWidth, .right)
        if layout.elapsed {
            line.add(blanks: 1)
            let end = row.state.finishedAt ?? now
            let time = Timestamp.milliseconds(from: row.state.createdAt, to: end)
            let text = DurationText.text(milliseconds: time)
            line.add(text, exactly: RowLayout.elapsedWidth, .right)
        }
        let detail = RowDetail.text(row, width: layout.detail)
        if !detail.isEmpty {
            line.add(blanks: 2)
            line.add(detail, width: 0, row.state.status == .failed ? .red : .dim)
        }
        return line.text
    }

    private func addTicks(_ state: DeploymentState, to line: inout Line) {
        for entry in state.stages.prefix(RowLayout.ticksWidth) {
            let sign = StatusSign(entry.status)
            line.add(sign.sign, width: 1, sign.tint)
        }
    }
}

/// What stands at the end of a deployment's line.
enum RowDetail {
    /// A message shorter than this says nothing.
    private static let leastMessage = 24

    /// In at most `width` columns: the bytes, the rate and the time left where they are known;
    /// after a success the endpoint, after a failure its code and message; otherwise what was
    /// told last.
    static func text(_ row: WatchRow, width: Int) -> String {
        guard width > 0 else { return "" }
        switch row.state.status {
        case .success:
            let endpoint = row.state.result?.endpointURL
            return DisplayWidth.fitted(printable(endpoint ?? ""), width)
        case .failed:
            let code = row.state.failure?.code.rawValue ?? ""
            let message = printable(row.state.failure?.message ?? row.state.message ?? "")
            return joined([code, message], width, shortened: true)
        case .queued, .inProgress, .cancelled, .superseded:
            let transfer = Transfer(row.detail)
            let parts = [transfer?.amount, transfer?.timeLeft, transfer?.rate]
            let text = joined(parts.compactMap(\.self), width, shortened: false)
            guard text.isEmpty, width >= leastMessage else { return text }
            return DisplayWidth.fitted(printable(row.state.message ?? ""), width)
        }
    }

    /// As many of the parts as there is room for; where `shortened`, a piece of the next.
    private static func joined(_ parts: [String], _ width: Int, shortened: Bool) -> String {
        var text = ""
        for part in parts where !part.isEmpty {
            let longer = text.isEmpty ? part : "\(text)  \(part)"
            if DisplayWidth.of(longer) <= width {
                text = longer
            } else if shortened {
                return DisplayWidth.fitted(longer, width)
            }
        }
        return text
    }
}
