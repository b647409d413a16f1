/// What kept the curl program from bringing an answer.
struct CurlFailure: Equatable {
    /// curl's exit status, as its manual lists them.
    let code: Int32
    /// Why, for a person.
    let reason: String

    private static let longest = 500

    /// From what curl wrote on standard error, and its exit status where it was not ended by a
    /// signal. Nil if neither tells of a failure.
    init?(said: String, status: Int32?) {
        let lines = said.split(whereSeparator: \.isNewline)
        // `curl: (60) SSL certificate problem: …`; warnings and advice have no number.
        for line in lines where line.hasPrefix("curl: (") {
            let rest = line.dropFirst(7)
            guard let bracket = rest.firstIndex(of: ")"), let code = Int32(rest[..<bracket]) else {
                continue
            }
            let reason = rest[bracket...].dropFirst().drop(while: \.isWhitespace)
            self.code = code
            self.reason =
                reason.isEmpty
                ? "curl failed with status \(code)" : String(reason.prefix(Self.longest))
            return
        }
        guard let status, status != 0 else { return nil }
        code = status
        reason =
            lines.last.map { String($0.prefix(Self.longest)) }
            ?? "curl failed with status \(status)"
    }

    /// Whether it came before any of the request was sent, so that nothing can have been done.
    var isBeforeSending: Bool {
        switch code {
        // The host or a proxy is not found or not reached; the handshake, certificates, keys.
        case 5, 6, 7, 35, 58, 59, 60, 77, 83, 90, 91, 97: true
        // curl has one code for all times that have run out, and tells them apart in words alone.
        case 28:
            [
                "Connection time", "Failed to connect", "Resolving timed out",
                "SSL connection timeout",
            ].contains { reason.hasPrefix($0) }
        default: false
        }
    }

    /// The failure as the client's callers know it.
    var error: ClientError {
        isBeforeSending ? .unreachable(reason) : .lost(reason)
    }
}
