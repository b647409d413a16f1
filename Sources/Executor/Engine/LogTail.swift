/// What a container has said at its end, for a failure.
struct LogTail: Sendable {
    /// The last lines, the oldest first.
    var lines: [String]
    /// Why there are none, where they cannot be read; a sentence.
    var note: String?

    /// The most lines.
    static let most = 20
    private static let longest = 2048

    init(_ lines: [String] = [], note: String? = nil) {
        self.lines = lines
        self.note = note
    }

    /// The beginning of a line that is very long.
    static func shortened(_ line: String) -> String {
        guard line.utf8.count > longest else { return line }
        return String(decoding: line.utf8.prefix(longest), as: UTF8.self) + "…"
    }
}
