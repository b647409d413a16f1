import Streams

/// The last lines of a stream of bytes, however long it is.
struct LineTail {
    private var output: TerminalOutput
    private var lines: [String] = []
    private let capacity: Int

    /// - Parameters:
    ///   - capacity: how many lines are kept.
    ///   - width: how many bytes of each.
    init(capacity: Int = 40, width: Int = 2048) {
        self.capacity = capacity
        output = TerminalOutput(limit: width)
    }

    mutating func feed(_ bytes: [UInt8], unless isNoise: ([UInt8]) -> Bool) {
        // Not a copy: that would double the piece it holds at every call.
        var output = TerminalOutput()
        swap(&output, &self.output)
        output.feed(bytes) { if !isNoise($0) { keep($0) } }
        swap(&output, &self.output)
    }

    /// The lines, the oldest first, with the one that has no end yet.
    mutating func finish(unless isNoise: ([UInt8]) -> Bool) -> [String] {
        var output = TerminalOutput()
        swap(&output, &self.output)
        output.finish { if !isNoise($0) { keep($0) } }
        swap(&output, &self.output)
        return lines
    }

    private mutating func keep(_ piece: [UInt8]) {
        let line = String(decoding: piece, as: UTF8.self)
        guard line.contains(where: { !$0.isWhitespace }) else { return }
        lines.append(line)
        if lines.count > capacity { lines.removeFirst() }
    }
}
