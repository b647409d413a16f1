import Deployments
import Dispatch
import Foundation
import Terminal

/// Writes a line on standard error for every event.
///
/// What it is told may hold what a program printed or another machine answered: as text no line of
/// it can look like another, or steer a terminal.
final class EventLog: Sendable {
    enum Format: Sendable {
        case text, json
    }

    private let format: Format
    private let queue = DispatchQueue(label: "slipway.log")

    init(format: Format) {
        self.format = format
    }

    /// Logs events, in order, without holding the caller up.
    func write(_ events: [StoredEvent]) {
        queue.async { [self] in
            for event in events { write(line: line(event)) }
        }
    }

    /// Logs something that belongs to no deployment.
    func note(_ message: String) {
        let time = Timestamp.now().text
        queue.async { [self] in
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
    }

    /// Returns once everything is written.
    func flush() {
        queue.sync {}
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
