import Deployments
import Dispatch
import Foundation
import Synchronization
import Terminal

/// Writes a line on standard error for every event.
///
/// What it is told may hold what a program printed or another machine answered: as text no line of
/// it can look like another, or steer a terminal.
final class ServerLog: Sendable {
    enum Format: String, Sendable {
        case text, json
    }

    private let format: Format
    private let queue = DispatchQueue(label: "slipway.log")
    private let backlog = Mutex(Backlog())

    /// What has not been written yet.
    private struct Backlog {
        var bytes = 0
        /// Lines that were given up since something was last written.
        var dropped = 0
    }

    /// How much may wait for whoever reads the log; what is beyond it is dropped and counted.
    private static let mostBytes = 1 << 20

    init(format: Format) {
        self.format = format
    }

    /// Logs events, in order, without holding the caller up.
    func write(_ events: [StoredEvent]) {
        enqueue(events.reduce(0) { $0 + $1.text.utf8.count }, events.count) { [self] in
            for event in events { write(line: line(event)) }
        }
    }

    /// Logs something that belongs to no deployment.
    func note(_ message: String) {
        let time = Timestamp.now().text
        enqueue(message.utf8.count, 1) { [self] in write(message, at: time) }
    }

    /// Returns once everything is written; a reader that takes nothing is not waited for any longer.
    func flush() {
        let done = DispatchSemaphore(value: 0)
        queue.async { done.signal() }
        _ = done.wait(timeout: .now() + .seconds(1))
    }

    /// Has lines written after those before them, unless too much waits.
    private func enqueue(
        _ bytes: Int,
        _ lines: Int,
        _ write: @escaping @Sendable () -> Void
    ) {
        let isTaken = backlog.withLock { backlog in
            guard backlog.bytes == 0 || backlog.bytes + bytes <= Self.mostBytes else {
                backlog.dropped += lines
                return false
            }
            backlog.bytes += bytes
            return true
        }
        guard isTaken else { return }
        queue.async { [self] in
            write()
            let dropped = backlog.withLock { backlog in
                backlog.bytes -= bytes
                defer { backlog.dropped = 0 }
                return backlog.dropped
            }
            guard dropped > 0 else { return }
            self.write(
                "\(dropped) lines are missing here: nobody took them in time",
                at: Timestamp.now().text
            )
        }
    }

    private func write(_ message: String, at time: String) {
        switch format {
        case .text: write(line: "\(time) \(printable(message))")
        case .json:
            write(
                line: JSONValue.object([
                    JSONMember("kind", "server"),
                    JSONMember("timestamp", .string(time)),
                    JSONMember("message", .string(message)),
                ]).text
            )
        }
    }

    private func line(_ stored: StoredEvent) -> String {
        guard format == .text else {
            let kind =
                switch stored.kind {
                case .progress: "progress"
                case .workload: "workload"
                case .deleted: "deleted"
                }
            // The event's own members follow, the deployment's id first.
            return "{\"event_id\":\(stored.id),\"kind\":\"\(kind)\",\(stored.text.dropFirst())"
        }
        let state =
            switch stored.kind {
            case .progress(let stage): stage.rawValue
            case .workload(let state): "workload \(state.rawValue)"
            case .deleted: "deleted"
            }
        guard let json = try? JSONValue(parsing: Array(stored.text.utf8)),
            let time = json["timestamp"]?.string, let message = json["message"]?.string
        else { return printable(stored.text) }
        let percent = json["progress"]?.integer.map { " \($0)%" } ?? ""
        return "\(time) \(stored.deploymentID) #\(stored.id) \(state)\(percent)"
            + " \(printable(message))"
    }

    private func write(line: String) {
        // A log that nobody reads is no reason to stop.
        try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
    }
}
