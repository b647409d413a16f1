import Numbers
import Streams
import Synchronization

/// How far a fetch has come, by git's own percentages.
final class GitProgress: Sendable {
    /// What is known at one moment.
    struct State: Sendable, Equatable {
        /// What git does, in its own words: `Receiving objects`.
        var work = ""
        /// From 0 to 1, of all of it.
        var fraction = 0.0
        /// Received so far.
        var bytes: Int64 = 0
        /// Counts whatever was written, to see that something moves.
        var moves = 0
        /// The last lines that are no progress.
        var lines: [String] = []
    }

    private let known = Mutex((state: State(), output: TerminalOutput()))
    /// Which share of the whole a repository's fetch is.
    private let mask: @Sendable ([String]) -> [String]

    /// - Parameter mask: leaves credentials out of git's words.
    init(mask: @escaping @Sendable ([String]) -> [String]) {
        self.mask = mask
    }

    var state: State { known.withLock { $0.state } }

    /// Begins with another repository, or another command: what git has written before is not its.
    func begin() {
        known.withLock { $0.state.lines = [] }
    }

    /// Notes that it goes on.
    func move() {
        known.withLock { $0.state.moves &+= 1 }
    }

    /// Lines that are looked at of one piece of output; a host may send any number.
    private static let mostLines = 200

    /// Takes what git writes.
    func take(_ bytes: [UInt8]) {
        known.withLock { known in
            known.state.moves &+= 1
            var pieces: [[UInt8]] = []
            known.output.feed(bytes) { piece in
                if pieces.count < Self.mostLines { pieces.append(piece) }
            }
            for piece in pieces { known.state.read(String(decoding: piece, as: UTF8.self), mask) }
        }
    }
}

extension GitProgress.State {
    /// Where each part of the work begins and ends.
    private static let parts: [(name: String, start: Double, end: Double)] = [
        ("Counting objects", 0, 0.02), ("Compressing objects", 0.02, 0.05),
        ("Receiving objects", 0.05, 0.75), ("Resolving deltas", 0.75, 0.85),
        ("Updating files", 0.85, 1), ("Checking out files", 0.85, 1),
    ]

    /// Reads a line such as `Receiving objects:  45% (450/1000), 12.00 MiB | 3.00 MiB/s`.
    fileprivate mutating func read(_ text: String, _ mask: ([String]) -> [String]) {
        var line = text[...]
        while line.hasPrefix("remote: ") { line = line.dropFirst("remote: ".count) }
        guard let part = Self.parts.first(where: { line.hasPrefix($0.name) }),
            let percent = line.dropFirst(part.name.count + 1).split(separator: "%").first,
            let number = Int(percent.filter { $0 != " " }), (0...100).contains(number)
        else {
            let words = mask([String(text.prefix(500))])
            lines = (lines + words.filter { !$0.allSatisfy { $0 == " " } }).suffix(20)
            return
        }
        work = part.name
        // A submodule begins from the start again.
        fraction = max(fraction, part.start + (part.end - part.start) * Double(number) / 100)
        if let amount = Self.bytes(line) { bytes = max(bytes, amount) }
    }

    /// The amount behind the first comma.
    private static func bytes(_ line: Substring) -> Int64? {
        let fields = line.split(separator: ",").dropFirst().first?.split(separator: " ") ?? []
        let units = ["bytes": 1.0, "KiB": 1024, "MiB": 1_048_576, "GiB": 1_073_741_824]
        guard fields.count > 1, let number = Double(fields[0]), let unit = units[String(fields[1])]
        else { return nil }
        return Int64(saturating: number * unit)
    }
}
