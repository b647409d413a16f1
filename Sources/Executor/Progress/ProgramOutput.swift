import Deployments
import Synchronization

/// What a program has written and nobody has told yet: the release command, or the steps of a build.
final class ProgramOutput: Sendable {
    /// Bytes that are under way at most.
    static let mostHeld = 131_072
    /// Lines that one event has; those in between are left out.
    private static let mostLines = 50
    private static let longestLine = 1000

    private struct State {
        var lines: RedactedLines
        var pending: [String] = []
        var dropped = 0
        /// Bytes that may still be told: the journal keeps them.
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
        // As the program writes them, and as they are shown.
        let shown = secrets.map { String(decoding: Self.shown(Array($0.utf8)), as: UTF8.self) }
        state = Mutex(
            State(lines: RedactedLines(Redactor(values: secrets + shown), limit: 4096))
        )
    }

    /// Without what controls a terminal.
    private static func shown(_ bytes: [UInt8]) -> [UInt8] {
        bytes.filter { $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A || $0 == 0x09 }
    }

    /// Takes in lines that are masked already.
    func add(_ lines: [String]) {
        state.withLock { $0.add(lines) }
    }

    func feed(_ bytes: [UInt8]) {
        // Taken out first: what is taken out of a secret would make it another one.
        let shown = Self.shown(bytes)
        state.withLock { state in
            let whole = state.lines.feed(shown)
            state.add(whole)
        }
    }

    /// Takes in what had no end of a line.
    func end() {
        state.withLock { state in
            if let last = state.lines.finish() { state.add([last]) }
        }
    }

    /// What has come since the last time.
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
