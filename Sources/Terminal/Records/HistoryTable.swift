public import Deployments

/// The tables of the commands that show the history.
public struct HistoryTable: Sendable {
    private let now: Timestamp
    private let time: TimeText
    private let times: Times

    /// How times are written.
    public enum Times: Sendable, Hashable {
        /// `3 min ago`.
        case relative
        /// `2026-11-21 15:04:05`.
        case absolute
    }

    /// Makes tables as of `now`; `utcOffset` gives the seconds that local time is east of UTC.
    public init(
        now: Timestamp,
        times: Times,
        utcOffset: @escaping @Sendable (Timestamp) -> Int
    ) {
        self.now = now
        self.times = times
        time = TimeText(utcOffset: utcOffset)
    }

    /// The table of deployments from their JSON list. If a `width` is given, ids are shortened.
    public func deployments(_ records: [JSONValue], width: Int?, style: TextStyle) -> [String] {
        let columns: [Table.Column] = [
            .init("id", priority: 90),
            .init("app", priority: 100, minimum: 12),
            .init("environment", priority: 40, minimum: 7),
            .init("status", priority: 95),
            .init("when", priority: 70),
            .init("took", priority: 30, alignment: .right),
            .init("detail", priority: 60, minimum: 19),
        ]
        let rows = records.map { json -> [Table.Cell] in
            let record = RecordView(json)
            return [
                .init(id(record.id, width), .dim),
                .init(record.app, .bold),
                .init(record.environment),
                status(record),
                .init(moment(record.createdAt)),
                .init(record.duration(now).map { DurationText.text(milliseconds: $0) } ?? ""),
                .init(record.info, record.failureCode == nil ? .dim : .red),
            ]
        }
        return Table(columns: columns, rows: rows).lines(width: width, style: style)
    }

    /// The table of apps in their environments from their JSON list.
    public func apps(_ summaries: [JSONValue], width: Int?, style: TextStyle) -> [String] {
        let columns: [Table.Column] = [
            .init("app", priority: 100, minimum: 12),
            .init("environment", priority: 80, minimum: 7),
            .init("latest", priority: 90),
            .init("when", priority: 70),
            .init("live", priority: 60),
            .init("good", priority: 30, alignment: .right),
            .init("failed", priority: 40, alignment: .right),
            .init("all", priority: 20, alignment: .right),
            .init("detail", priority: 50, minimum: 19),
        ]
        let rows = summaries.map { summary -> [Table.Cell] in
            let latest = RecordView(summary["latest"] ?? .null)
            let live = RecordView(summary["live"] ?? .null)
            let counts = (summary["counts"]?.members ?? []).reduce(into: [:]) { counts, member in
                counts[member.name] = min(max(member.value.integer ?? 0, 0), Int64(Int32.max))
            }
            func count(_ status: DeploymentStatus) -> Int64 { counts[status.rawValue] ?? 0 }
            return [
                .init(summary["app"]?.string ?? latest.app, .bold),
                .init(summary["environment"]?.string ?? latest.environment),
                status(latest),
                .init(moment(latest.finishedAt ?? latest.createdAt)),
                .init(id(live.id, width)),
                .init("\(count(.success))"),
                .init("\(count(.failed))", count(.failed) > 0 ? .red : nil),
                .init("\(counts.values.reduce(0, +))"),
                .init(latest.info, latest.failureCode == nil ? .dim : .red),
            ]
        }
        return Table(columns: columns, rows: rows).lines(width: width, style: style)
    }

    private func id(_ id: String, _ width: Int?) -> String {
        width == nil ? id : String(id.prefix(8))
    }

    private func status(_ record: RecordView) -> Table.Cell {
        guard let status = record.status else { return .init(record.statusText) }
        let sign = StatusSign(status)
        return .init("\(sign.sign) \(sign.word)", sign.tint)
    }

    private func moment(_ moment: Timestamp?) -> String {
        guard let moment else { return "" }
        return switch times {
        case .relative: TimeText.relative(moment, now: now)
        case .absolute: time.absolute(moment)
        }
    }
}
