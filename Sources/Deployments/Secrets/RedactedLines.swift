/// Splits a stream of bytes into lines of valid UTF-8 without secrets.
///
/// The memory is bounded: a line that is longer than the limit is returned in pieces, and no cut
/// goes through a secret.
public struct RedactedLines: Sendable {
    private let redactor: Redactor
    private let longestSecret: Int
    private let limit: Int
    /// The incomplete line.
    private var pending: [UInt8] = []

    /// - Parameter limit: the number of bytes of one line that are held, or twice the longest
    ///   secret if that is more.
    public init(_ redactor: Redactor, limit: Int = 65_536) {
        self.redactor = redactor
        longestSecret = redactor.longest
        self.limit = max(limit, 2 * longestSecret)
    }

    /// Takes bytes and returns the lines that they complete, without line ends.
    public mutating func feed(_ bytes: [UInt8]) -> [String] {
        var lines: [String] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: 0x0A) {
            append(rest[..<end], &lines)
            lines.append(take(pending.count))
            rest = rest[rest.index(after: end)...]
        }
        append(rest, &lines)
        return lines
    }

    /// Returns the text after the last line end; nil if there is none.
    public mutating func finish() -> String? {
        pending.isEmpty ? nil : take(pending.count)
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>, _ lines: inout [String]) {
        var rest = bytes
        while pending.count + rest.count > limit {
            let room = limit - pending.count
            pending += rest.prefix(room)
            rest = rest.dropFirst(room)
            lines.append(take(cut))
        }
        pending += rest
    }

    /// The index at which the held bytes can be cut: every secret that begins before it is held
    /// completely.
    private var cut: Int {
        let cut = pending.count - max(0, longestSecret - 1)
        return redactor.places(in: pending).first { $0.contains(cut) }?.upperBound ?? cut
    }

    private mutating func take(_ count: Int) -> String {
        let taken = redactor.redact(Array(pending.prefix(count)))
        pending.removeFirst(count)
        return String(decoding: taken, as: UTF8.self)
    }
}
