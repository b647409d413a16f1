/// Chooses the form of a log by an `Accept` field (RFC 9110 section 12.5.1).
struct AcceptHeader {
    /// Whether an event stream is preferred to plain text.
    let prefersEventStream: Bool

    init(_ field: String?) {
        let ranges = (field ?? "").split(separator: ",").map(Self.range)
        func weight(_ names: [String]) -> Double? {
            // The most specific range counts.
            names.lazy.compactMap { name in ranges.first { $0.name == name }?.weight }.first
        }
        let stream = weight(["text/event-stream"]) ?? 0
        let plain = weight(["text/plain"])
        let other = weight(["text/*", "*/*"]) ?? 0
        // A client that names only one of them wants that one, even if another range weighs as
        // much.
        prefersEventStream = stream > 0 && (plain.map { stream > $0 } ?? (stream >= other))
    }

    private static func range(_ text: Substring) -> (name: String, weight: Double) {
        let parts = text.split(separator: ";").map { part in
            part.filter { !$0.isWhitespace }.lowercased()
        }
        let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { $0.dropFirst(2) }
        return (parts.first ?? "", weight.map { Double($0) ?? 0 } ?? 1)
    }
}
