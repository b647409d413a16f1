import Deployments
import Synchronization

/// The output of a release command, or of the steps of a build, that no event has reported yet.
final class ProgramOutput: Sendable {
    /// The maximum number of bytes that wait to be read.
    static let mostHeld = 131_072
    /// The maximum number of lines in an event; earlier ones are left out.
    private static let mostLines = 50
    private static let longestLine = 1000

    private struct State {
        var lines: RedactedLines
        var pending: [String] = []
        var dropped = 0
        /// The number of bytes that may still be reported, because the journal keeps them.
        var left = 2 << 20
        var hasToldEnd = false

        mutating func add(_ lines: [String]) {
            for line in lines {
                let shown = String(line.prefix(ProgramOutput.longestLine))
                left -= shown.utf8.count
                guard left > 0 else {
                    dropped += 1
                    continue
                }
                pending.append(shown)
            }
            let excess = pending.count - ProgramOutput.mostLines
            guard excess > 0 else { return }
            pending.removeFirst(excess)
            dropped += excess
        }
    }

    private let state: Mutex<State>

    init(secrets: [String]) {
        // The secrets are masked both as the program writes them and as they are shown.
        let shown = secrets.map { String(decoding: Self.shown(Array($0.utf8)), as: UTF8.self) }
        state = Mutex(
            State(lines: RedactedLines(Redactor(values: secrets + shown), limit: 4096))
        )
    }

    /// The bytes without those that control a terminal.
    private static func shown(_ bytes: [UInt8]) -> [UInt8] {
        bytes.filter { $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A || $0 == 0x09 }
    }

    /// Adds lines that are already masked.
    func add(_ lines: [String]) {
        state.withLock { $0.add(lines) }
    }

    func feed(_ bytes: [UInt8]) {
        // Control characters are removed before masking. Otherwise a secret with such characters in between
        // would not be recognized, and shown without them.
        let shown = Self.shown(bytes)
        state.withLock { state in
            let whole = state.lines.feed(shown)
            state.add(whole)
        }
    }

    /// Adds a last line that has no line feed.
    func end() {
        state.withLock { state in
            if let last = state.lines.finish() { state.add([last]) }
        }
    }

    /// Returns what has been added since the last call.
    func take() -> [String] {
        state.withLock { state in
            defer { (state.pending, state.dropped) = ([], 0) }
            if state.left <= 0, !state.hasToldEnd {
                state.hasToldEnd = true
                return state.pending + ["(what follows is not shown)"]
            }
            guard state.dropped > 0, state.left > 0 else { return state.pending }
            return ["(\(state.dropped) lines are left out)"] + state.pending
        }
    }
}
