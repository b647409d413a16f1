import Deployments

/// Draws the line of one deployment in a watch.
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
            line.add(atWork ? Spinner.frame(now) : sign.sign, sign.tint)
            line.add(blanks: 1)
        }
        guard layout.percent else {
            // There is no room even for a percentage.
            return width > 0 ? style.paint(sign.sign, sign.tint) : ""
        }
        if layout.name > 0 {
            let isOver = row.state.isFinal
            let label = row.label(exactly: layout.name)
            line.add(label, isOver ? nil : .bold)
        }
        if layout.ticks {
            line.add(blanks: 2)
            addTicks(row.state, to: &line)
        }
        if saysOutcome(row.state) {
            line.add(blanks: layout.ticks ? 1 : 2)
            let columns = RowLayout.stageWidth + 1 + layout.bar + 2
            line.add(RowDetail.outcome(row.state), exactly: columns, .left, sign.tint)
        } else {
            addStageAndBar(row, sign.tint, to: &line)
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
        if !detail.isEmpty, !saysOutcome(row.state) {
            line.add(blanks: 2)
            line.add(detail, row.state.status == .failed ? .red : .dim)
        }
        return line.text
    }

    /// Whether the outcome takes the place of stage and bar, because there is no room for it behind them.
    private func saysOutcome(_ state: DeploymentState) -> Bool {
        state.isFinal && layout.stage && layout.detail < RowDetail.leastMessage
    }

    private func addStageAndBar(_ row: WatchRow, _ tint: TextStyle.Tint, to line: inout Line) {
        if layout.stage {
            line.add(blanks: layout.ticks ? 1 : 2)
            let own = row.state.isFinal ? tint : nil
            line.add(row.state.stage.words, exactly: RowLayout.stageWidth, .left, own)
        }
        if layout.bar > 0 {
            line.add(blanks: layout.ticks || layout.stage ? 1 : 2)
            let bar = Bar.framed(row.progress, width: layout.bar, tint: tint, style)
            line.add(bar)
        }
    }

    private func addTicks(_ state: DeploymentState, to line: inout Line) {
        for entry in state.stages.prefix(RowLayout.ticksWidth) {
            let sign = StatusSign(entry.status)
            line.add(sign.sign, sign.tint)
        }
    }
}
