import Deployments
import HTTP

/// The routes by which a page signs in with a token, so that its scripts need not keep the token.
struct SessionRoutes: Sendable {
    let access: AccessControl

    func add(to router: inout Router<Identity>) {
        router.add(.get, "/api/session", needs: .viewer, show)
        router.on(.post, "/api/session") { request, _ in
            do {
                return try open(request)
            } catch {
                return ProblemDetails(error).response
            }
        }
        router.on(.delete, "/api/session") { request, _ in close(request) }
    }

    /// Describes the caller.
    @Sendable private func show(_ request: Request, _ caller: Caller) async throws -> Response {
        .json([
            "name": .optional(caller.name),
            "tenant": .string(caller.accessScope.tenant),
            "role": .string(caller.role.rawValue),
            "apps": .strings(caller.accessScope.apps?.sorted() ?? ["*"]),
        ])
    }

    private func open(_ request: Request) throws -> Response {
        let members = try WorkloadRoutes.members(request.body, known: ["token"])
        guard let token = members.last?.value.string, !token.isEmpty else {
            throw ProblemError(.faults([FieldFault(field: "token", message: "must be a token")]))
        }
        // If no token is required, there is no session to open.
        guard !access.isOpen else { return Self.done([]) }
        guard let secret = access.openSession(token: token) else {
            throw ProblemError(Identity.refused.unauthorized)
        }
        return Self.done([("Set-Cookie", Self.cookie(secret, request))])
    }

    private func close(_ request: Request) -> Response {
        access.endSession(of: request)
        return Self.done([("Set-Cookie", "\(Self.cookie("", request)); Max-Age=0")])
    }

    /// The cookie (RFC 6265 section 4.1). Without an age, it ends with the browser's session.
    private static func cookie(_ value: String, _ request: Request) -> String {
        // If a proxy in front of the server uses TLS, the browser is told to send the cookie only
        // over TLS.
        let isSecure = request.headers["Origin"]?.lowercased().hasPrefix("https://") ?? false
        return "\(AccessControl.cookie)=\(value); Path=/; HttpOnly; SameSite=Strict"
            + (isSecure ? "; Secure" : "")
    }

    private static func done(_ headers: [(String, String)]) -> Response {
        Response(
            status: 204,
            headers: HeaderFields([("Cache-Control", "no-store")] + headers),
            body: .empty
        )
    }
}
