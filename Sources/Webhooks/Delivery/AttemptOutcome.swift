internal import Client
internal import Deployments
internal import Numbers

/// The result of an attempt to send a stage change.
enum AttemptOutcome: Sendable, Equatable {
    /// The receiver has acknowledged the event.
    case delivered
    /// The receiver has not acknowledged the event.
    case failed(Failure)
    /// The receiver wants no more events (status 410).
    case unwanted
    /// The deployment was forgotten before the event could be sent.
    case forgotten
    /// The journal could not be read.
    case unread
    /// The attempt was ended by this server.
    case interrupted

    /// The reason why an attempt failed.
    struct Failure: Sendable, Equatable {
        /// The reason, for a person.
        var reason: String
        /// The time that the receiver asks to be left alone.
        var retryAfter: Duration?
    }

    private static let longestWish = Duration.seconds(3600)

    /// Interprets an answer.
    init(_ answer: PostRequest.Answer, at now: Timestamp) {
        switch answer.status {
        case 200...299: self = .delivered
        case 410: self = .unwanted
        default:
            let isRedirect = (300...399).contains(answer.status)
            self = .failed(
                Failure(
                    reason: isRedirect
                        ? "it answered \(answer.status), and redirects are not followed"
                        : "it answered \(answer.status)",
                    retryAfter: answer.retryAfter.flatMap { Self.pause($0, now) }
                )
            )
        }
    }

    /// Creates the outcome of an attempt without an answer.
    init(_ error: ClientError) {
        self = .failed(Failure(reason: error.description, retryAfter: nil))
    }

    /// The time that `Retry-After` (RFC 9110 section 10.2.3) asks for, at most an hour.
    private static func pause(_ text: String, _ now: Timestamp) -> Duration? {
        if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return min(.seconds(Int64(text) ?? .max), longestWish)
        }
        // The other form is a date such as `Sun, 06 Nov 1994 08:49:37 GMT`.
        let words = text.split(separator: " ")
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        guard words.count == 6, words[5] == "GMT",
            let month = months.firstIndex(of: String(words[2])).map({ $0 + 1 }),
            let moment = Timestamp(
                text: "\(words[3])-\(month < 10 ? "0" : "")\(month)-\(words[1])T\(words[4]).000000Z"
            )
        else { return nil }
        let wait = moment.microseconds.subtractingSaturated(now.microseconds)
        return min(.microseconds(max(0, wait)), longestWish)
    }
}
