import Streams

/// The last lines of a stream of bytes of any length.
struct LineTail {
    private var output: TerminalOutput
    private var lines: [String] = []
    private let capacity: Int

    /// - Parameters:
    ///   - capacity: the number of lines that are kept.
    ///   - width: the number of bytes that are kept of each line.
    init(capacity: Int = 40, width: Int = 2048) {
        self.capacity = capacity
        output = TerminalOutput(limit: width)
    }

    mutating func feed(_ bytes: [UInt8], unless isNoise: ([UInt8]) -> Bool) {
        // The value is swapped, not copied: a copy would double the buffer at every call.
        var output = TerminalOutput()
        swap(&output, &self.output)
        output.feed(bytes) { if !isNoise($0) { keep($0) } }
        swap(&output, &self.output)
    }

    /// The lines, the oldest first, including the last line if it has no line feed yet.
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
