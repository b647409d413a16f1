import Deployments
import Dispatch
import Foundation
import Synchronization
import Terminal

/// Writes a line on standard error for every event.
///
/// A message may hold what a program has printed or another machine has answered. In the text format no
/// such line can look like one of the log's own, or steer a terminal.
final class ServerLog: Sendable {
    enum Format: String, Sendable {
        case text, json
    }

    private let format: Format
    private let queue = DispatchQueue(label: "slipway.log")
    private let backlog = Mutex(Backlog())

    /// The lines that have not been written yet.
    private struct Backlog {
        var bytes = 0
        /// The number of lines dropped since the last one was written.
        var dropped = 0
    }

    /// How many bytes may wait to be written; lines beyond that are dropped and counted.
    private static let mostBytes = 1 << 20

    init(format: Format) {
        self.format = format
    }

    /// Logs events in order, without blocking the caller.
    func write(_ events: [StoredEvent]) {
        enqueue(events.reduce(0) { $0 + $1.text.utf8.count }, events.count) { [self] in
            for event in events { write(line: line(event)) }
        }
    }

    /// Logs a message that belongs to no deployment.
    func note(_ message: String) {
        let time = Timestamp.now().text
        enqueue(message.utf8.count, 1) { [self] in write(message, at: time) }
    }

    /// Returns once everything is written, or after a second if nobody reads the log.
    func flush() {
        let done = DispatchSemaphore(value: 0)
        queue.async { done.signal() }
        _ = done.wait(timeout: .now() + .seconds(1))
    }

    /// Queues lines for writing, unless too many bytes are waiting.
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
                "\(dropped) lines are missing here, because the log was not read fast enough",
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
            // The event's own members follow, beginning with the deployment's id.
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
        // If nobody reads the log, that is no reason to stop.
        try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
    }
}
