/// The end of a container's output, for a failure.
struct LogTail: Sendable {
    /// The last lines, the oldest first.
    var lines: [String]
    /// Why there are no lines if they cannot be read; a sentence.
    var note: String?

    /// The maximum number of lines.
    static let most = 20
    private static let longest = 2048

    init(_ lines: [String] = [], note: String? = nil) {
        self.lines = lines
        self.note = note
    }

    /// The line, cut off if it is very long.
    static func shortened(_ line: String) -> String {
        guard line.utf8.count > longest else { return line }
        return String(decoding: line.utf8.prefix(longest), as: UTF8.self) + "…"
    }
}
