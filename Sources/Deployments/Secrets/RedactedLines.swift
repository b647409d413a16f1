/// Cuts a stream of bytes into lines without secrets, in valid UTF-8.
///
/// What is held is bounded: a line that is longer than the limit is given in pieces, and no cut
/// goes through a secret.
public struct RedactedLines: Sendable {
    private let redactor: Redactor
    private let longestSecret: Int
    private let limit: Int
    /// The line that has no end yet.
    private var pending: [UInt8] = []

    /// - Parameter limit: bytes of one line that are held, or twice the longest secret.
    public init(_ redactor: Redactor, limit: Int = 65_536) {
        self.redactor = redactor
        longestSecret = redactor.longest
        self.limit = max(limit, 2 * longestSecret)
    }

    /// Takes bytes and gives the lines that they complete, without their ends.
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

    /// What was written after the last end of a line; nil if nothing was.
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

    /// Where the held bytes can be cut: a secret that begins before it is held whole.
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
