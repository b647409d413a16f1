import Numbers
import Streams
import Synchronization

/// The progress of a fetch, from the percentages that git prints.
final class GitProgress: Sendable {
    /// The progress at one moment.
    struct State: Sendable, Equatable {
        /// What git is doing, in its own words: `Receiving objects`.
        var work = ""
        /// The fraction of the whole fetch, from 0 to 1.
        var fraction = 0.0
        /// The number of bytes received so far.
        var bytes: Int64 = 0
        /// Counts everything that was written, so that a stall can be noticed.
        var moves = 0
        /// The last lines that are not progress.
        var lines: [String] = []
    }

    private let known = Mutex((state: State(), output: TerminalOutput()))
    /// Removes credentials from git's output.
    private let mask: @Sendable ([String]) -> [String]

    /// - Parameter mask: removes credentials from git's output.
    init(mask: @escaping @Sendable ([String]) -> [String]) {
        self.mask = mask
    }

    var state: State { known.withLock { $0.state } }

    /// Begins with another repository or command, so that earlier lines do not count any more.
    func begin() {
        known.withLock { $0.state.lines = [] }
    }

    /// Notes that something has moved.
    func move() {
        known.withLock { $0.state.moves &+= 1 }
    }

    /// The maximum number of lines read from one piece of output, since a host may send any number.
    private static let mostLines = 200

    /// Reads output of git.
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
    /// The fractions at which each part of the work begins and ends.
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
        // A submodule begins at 0 percent again.
        fraction = max(fraction, part.start + (part.end - part.start) * Double(number) / 100)
        if let amount = Self.bytes(line) { bytes = max(bytes, amount) }
    }

    /// The amount after the first comma.
    private static func bytes(_ line: Substring) -> Int64? {
        let fields = line.split(separator: ",").dropFirst().first?.split(separator: " ") ?? []
        let units = ["bytes": 1.0, "KiB": 1024, "MiB": 1_048_576, "GiB": 1_073_741_824]
        guard fields.count > 1, let number = Double(fields[0]), let unit = units[String(fields[1])]
        else { return nil }
        return Int64(saturating: number * unit)
    }
}
