import Deployments
import HTTP

/// Who has made a request.
struct Caller: Sendable {
    /// What its token is called; nil if the server asks for none.
    let name: String?
    /// What it may do.
    let role: Role
    /// Whose deployments it may do it with.
    let accessScope: AccessScope
    /// The streams that end when its token or its session does.
    let streams: StreamGroup
}

/// What is known of who has made a request.
enum Identity: Sendable {
    case caller(Caller)
    /// It has named no token.
    case anonymous
    /// What it has named is no token of this server, or no longer one.
    case refused

    /// Who it is, where that may do what the role may.
    func caller(atLeast role: Role) throws -> Caller {
        guard case .caller(let caller) = self else { throw ProblemError(unauthorized) }
        guard caller.role >= role else {
            throw ProblemError(
                ProblemDetails(
                    403,
                    "Forbidden",
                    "The token's role is \(caller.role.rawValue); this takes a"
                        + " \(role.rawValue)."
                )
            )
        }
        return caller
    }

    /// RFC 6750 section 3.
    var unauthorized: ProblemDetails {
        let (challenge, detail) =
            if case .refused = self {
                (#"Bearer realm="slipway", error="invalid_token""#, "The token is not known here.")
            } else {
                (
                    #"Bearer realm="slipway""#,
                    "This server asks for a token: Authorization: Bearer TOKEN."
                )
            }
        return ProblemDetails(401, "Unauthorized", detail)
            .with(header: "WWW-Authenticate", challenge)
    }
}

extension Response {
    /// Events that end when the caller's right to them does.
    init(events subscription: EventSubscription, for caller: Caller, in slot: StreamPermit) {
        self.init(status: 200, headers: HeaderFields(), body: .events(subscription))
        group = caller.streams
        self.slot = slot
    }
}
