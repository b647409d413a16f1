import Deployments
import HTTP

/// The sender of a request, who has been identified.
struct Caller: Sendable {
    /// The name of its token; nil if the server requires none.
    let name: String?
    /// The role of its token.
    let role: Role
    /// The scope of its token: the deployments that it may use.
    let accessScope: AccessScope
    /// Its streams, which end together with its token or session.
    let streams: StreamGroup
}

/// The result of identifying the sender of a request.
enum Identity: Sendable {
    case caller(Caller)
    /// The request has no token.
    case anonymous
    /// The request's token or session is unknown, or no longer valid.
    case refused

    /// The caller, if it has at least the role; otherwise throws.
    func caller(atLeast role: Role) throws -> Caller {
        guard case .caller(let caller) = self else { throw ProblemError(unauthorized) }
        guard caller.role >= role else {
            throw ProblemError(
                ProblemDetails(
                    403,
                    "Forbidden",
                    "The token's role is \(caller.role.rawValue); this request needs the"
                        + " role \(role.rawValue)."
                )
            )
        }
        return caller
    }

    /// The answer to an unidentified caller (RFC 6750 section 3).
    var unauthorized: ProblemDetails {
        let (challenge, detail) =
            if case .refused = self {
                (
                    #"Bearer realm="slipway", error="invalid_token""#,
                    "This server does not know the token."
                )
            } else {
                (
                    #"Bearer realm="slipway""#,
                    "This server needs a token. Send Authorization: Bearer TOKEN."
                )
            }
        return ProblemDetails(401, "Unauthorized", detail)
            .with(header: "WWW-Authenticate", challenge)
    }
}

extension Response {
    /// Creates an event stream that ends when the caller loses its right to it.
    init(events subscription: EventSubscription, for caller: Caller, in slot: StreamPermit) {
        self.init(status: 200, headers: HeaderFields(), body: .events(subscription))
        group = caller.streams
        self.slot = slot
    }
}
