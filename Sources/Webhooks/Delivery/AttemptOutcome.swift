internal import Client
internal import Deployments
internal import Numbers

/// What came of sending a stage change.
enum AttemptOutcome: Sendable, Equatable {
    /// The receiver has it.
    case delivered
    /// It has not, or has not said so.
    case failed(Failure)
    /// It wants nothing more (status 410).
    case unwanted
    /// The deployment was forgotten before the event could be sent.
    case forgotten
    /// The journal could not be read.
    case unread
    /// The attempt was ended by this server.
    case interrupted

    /// Why an attempt failed.
    struct Failure: Sendable, Equatable {
        /// For a person.
        var reason: String
        /// For how long the receiver wants to be left alone.
        var retryAfter: Duration?
    }

    private static let longestWish = Duration.seconds(3600)

    /// What an answer means.
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

    /// There was no answer.
    init(_ error: ClientError) {
        self = .failed(Failure(reason: error.description, retryAfter: nil))
    }

    /// What `Retry-After` (RFC 9110 section 10.2.3) asks for, an hour at most.
    private static func pause(_ text: String, _ now: Timestamp) -> Duration? {
        if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return min(.seconds(Int64(text) ?? .max), longestWish)
        }
        // Sun, 06 Nov 1994 08:49:37 GMT
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
