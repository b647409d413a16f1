public import Deployments

/// The size of a terminal.
public struct TerminalSize: Sendable, Hashable {
    /// The number of columns.
    public let width: Int
    /// The number of lines.
    public let height: Int

    /// A terminal size.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }
}

/// The lines that are redrawn in place while deployments run.
public enum WatchScreen {
    /// One line per deployment: first those under way, then those that have ended.
    ///
    /// A line takes at most one column less than the terminal has, so that none wraps. There are at most
    /// two lines less than the terminal has, but at least one. The last lines count the deployments for
    /// which there is no room, and say if the connection is lost.
    public static func render(
        _ state: WatchState,
        size: TerminalSize,
        now: Timestamp,
        style: TextStyle
    ) -> [String] {
        let width = max(0, size.width - 1)
        let notice = notice(state.connection, now: now).map { text in
            style.paint(DisplayWidth.fitted(text, width), .yellow)
        }
        let room = max(1, size.height - 2) - (notice == nil ? 0 : 1)
        let rows = inOrder(state.rows)
        let shown = rows.count <= room ? rows.count : max(0, room - 1)
        let painter = RowPainter(
            layout: RowLayout(width: width, longestName: state.rows.map(\.labelWidth).max() ?? 0),
            width: width,
            now: now,
            style: style
        )
        var lines = rows.prefix(shown).map { painter.line($0) }
        if shown < rows.count, room > 0 {
            let text = remainder(rows.dropFirst(shown), isAll: shown == 0)
            lines.append(style.dim(DisplayWidth.fitted(text, width)))
        }
        return lines + [notice].compactMap(\.self)
    }

    /// The rows in the order running, waiting, ended; within each group in the order in which they were
    /// added.
    private static func inOrder(_ rows: [WatchRow]) -> [WatchRow] {
        rows.filter { $0.state.status == .inProgress }
            + rows.filter { $0.state.status == .queued }
            + rows.filter(\.state.isFinal)
    }

    private static func remainder(_ rows: ArraySlice<WatchRow>, isAll: Bool) -> String {
        let parts = DeploymentStatus.inOrderOfInterest.compactMap { status -> String? in
            let count = rows.count { $0.state.status == status }
            return count == 0 ? nil : "\(count) \(StatusSign(status).word)"
        }
        let listed = parts.joined(separator: ", ")
        guard isAll else { return "… and \(rows.count) more (\(listed))" }
        let percent = rows.reduce(0) { $0 + $1.progress } / max(1, rows.count)
        return "\(percent)% of \(rows.count): \(listed)"
    }

    private static func notice(
        _ connection: WatchState.Connection,
        now: Timestamp
    ) -> String? {
        switch connection {
        case .live: return nil
        case .connecting: return "\(Spinner.frame(now)) connecting"
        case .lost(let retryAt, let attempt):
            var text = "! connection lost, trying again"
            if let retryAt, retryAt > now {
                let seconds = (Timestamp.milliseconds(from: now, to: retryAt) + 999) / 1000
                text += " in \(seconds) s"
            }
            return attempt > 0 ? "\(text) (attempt \(attempt))" : text
        }
    }
}

/// The sign for work in progress; it changes ten times a second.
enum Spinner {
    private static let frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]

    static func frame(_ now: Timestamp) -> String {
        frames[Int((now.microseconds / 100_000).magnitude % UInt64(frames.count))]
    }
}

extension DeploymentStatus {
    static let inOrderOfInterest: [DeploymentStatus] = [
        .inProgress, .queued, .success, .failed, .cancelled, .superseded,
    ]
}
