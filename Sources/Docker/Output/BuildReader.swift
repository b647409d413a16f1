import Deployments
import Engine
import Streams
import Synchronization

/// Reads the output of a build, and reports what it says.
final class BuildReader: Sendable {
    /// The bytes of a line that are read. The rest of a longer line is dropped.
    private static let longestLine = 16_384
    /// How many lines of a program are handed on at once. Of more, only the last ones are.
    private static let mostAtOnce = 60

    private struct State: Sendable {
        var output = TerminalOutput(limit: BuildReader.longestLine)
        var progress = BuildProgress()
    }

    private let state = Mutex(State())
    private let report: BuildReport
    private let redactor: Redactor

    init(_ report: BuildReport) {
        self.report = report
        // Lines lose their control characters before they are masked, and a value may contain some.
        redactor = Redactor(
            values: report.confidential.flatMap { [$0] + Self.shown($0) }
        )
    }

    /// The lines of a value, as they are shown.
    private static func shown(_ value: String) -> [String] {
        var output = TerminalOutput(limit: .max)
        var pieces: [String] = []
        output.feed(Array(value.utf8)) { pieces.append(String(decoding: $0, as: UTF8.self)) }
        output.finish { pieces.append(String(decoding: $0, as: UTF8.self)) }
        return pieces
    }

    /// Whether the builder is at a step that cannot be interrupted.
    var isCopying: Bool { state.withLock { $0.progress.isCopying } }

    func feed(_ bytes: [UInt8]) {
        state.withLock { state in
            var pieces: [[UInt8]] = []
            state.output.feed(bytes) { pieces.append($0) }
            take(pieces, &state.progress)
        }
    }

    /// Takes the end of the output.
    func end(succeeded: Bool) -> BuildProgress {
        state.withLock { state in
            var pieces: [[UInt8]] = []
            state.output.finish { pieces.append($0) }
            take(pieces, &state.progress)
            if succeeded { state.progress.finish() }
            report.tell(state.progress.state)
            return state.progress
        }
    }

    private func take(_ pieces: [[UInt8]], _ progress: inout BuildProgress) {
        // A program may write a thousand times more than anybody reads.
        var plain = pieces.count { !Self.mayTell($0) }
        for piece in pieces {
            if !Self.mayTell(piece) {
                plain -= 1
                guard plain < Self.mostAtOnce else { continue }
            }
            let text = redactor.redact(
                lines: [String(decoding: piece, as: UTF8.self)],
                lastIsCut: piece.count >= Self.longestLine
            )
            let line = text.first ?? ""
            if let shown = progress.take(line) { report.tell(line: shown) }
        }
        report.tell(progress.state)
    }

    /// Whether the builder may have written the line itself, judging by its first character.
    private static func mayTell(_ line: [UInt8]) -> Bool {
        line.first.map { " #STRED-".utf8.contains($0) } ?? false
    }
}
