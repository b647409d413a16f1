import Deployments
import HTTP
import Metrics
import Synchronization

/// Checks every request before its route is looked up.
final class AccessMiddleware: Sendable {
    private let options: AccessOptions
    private let access: AccessControl
    private let limiter: Mutex<RateLimiter>
    /// The number of requests that exceeded a client's rate.
    let refused = Counter()

    init(options: AccessOptions, access: AccessControl) {
        self.options = options
        self.access = access
        limiter = Mutex(
            RateLimiter(
                rate: Double(options.requestsPerSecond),
                burst: Double(options.requestBurst)
            )
        )
    }

    /// Passes a request to `handler` together with its identity, or refuses it.
    func pass(
        _ request: Request,
        to handler: (Request, Identity) async -> Response
    ) async -> Response {
        let origin = request.headers["Origin"]
        let identity = access.identify(request)
        var response: Response
        if let refusal = refusal(request, identity, origin: origin) {
            response = refusal.response
        } else if let preflight = preflight(request, origin: origin) {
            return preflight
        } else {
            response = await handler(request, identity)
        }
        if let origin, options.allowedOrigins.contains(origin) {
            response.headers.set("Access-Control-Allow-Origin", origin)
            response.headers.set(
                "Access-Control-Expose-Headers",
                "Date, ETag, Location, Retry-After"
            )
        }
        if !options.allowedOrigins.isEmpty { response.headers.add("Vary", "Origin") }
        response.headers.set("X-Content-Type-Options", "nosniff")
        return response
    }

    private func refusal(
        _ request: Request,
        _ identity: Identity,
        origin: String?
    ) -> ProblemDetails? {
        if let refusal = hostRefusal(request) { return refusal }
        if let origin, !isOwn(origin, request), !options.allowedOrigins.contains(origin) {
            return ProblemDetails(
                403,
                "Forbidden",
                "Pages of origin \(origin.excerpt) must not use this server; --allow-origin"
                    + " \(origin.excerpt) would allow it."
            )
        }
        if request.path != "/healthz" {
            let wait = limiter.withLock { $0.take(Self.client(request, identity), at: .now) }
            if let wait {
                refused.add()
                return ProblemDetails(
                    429,
                    "Too Many Requests",
                    "There are more than \(options.requestsPerSecond) requests a second; --rate"
                        + " sets the limit."
                ).with(header: "Retry-After", String(wait))
            }
        }
        return contentRefusal(request)
    }

    /// The name under which a client's requests are counted: that of its token, or else its
    /// address.
    private static func client(_ request: Request, _ identity: Identity) -> String {
        if case .caller(let caller) = identity, let name = caller.name { return "token \(name)" }
        return request.peer.client
    }

    /// Refuses names that do not belong to this server. A page could make a name of its own point
    /// to this server (DNS rebinding).
    private func hostRefusal(_ request: Request) -> ProblemDetails? {
        // If a token is required, a name alone admits nobody.
        guard access.isOpen, case .ip = request.peer,
            let host = request.headers["Host"]?.lowercased()
        else { return nil }
        guard !options.isOwnHost(host) else { return nil }
        return ProblemDetails(
            421,
            "Misdirected Request",
            "This server does not answer for \(host.excerpt); --allow-host"
                + " \(AccessOptions.split(host).name.excerpt) would allow it."
        )
    }

    private func isOwn(_ origin: String, _ request: Request) -> Bool {
        guard let host = request.headers["Host"]?.lowercased() else { return false }
        // A proxy in front of the server may use TLS.
        return origin.lowercased() == "http://\(host)" || origin.lowercased() == "https://\(host)"
    }

    /// Refuses content other than JSON. Browsers let forms of other pages send anything but JSON
    /// without asking first.
    private func contentRefusal(_ request: Request) -> ProblemDetails? {
        guard request.method == .post || request.method == .put || request.method == .delete
        else { return nil }
        if let coding = request.headers["Content-Encoding"]?[...].trimmingBlanks,
            !coding.isEmpty, coding.lowercased() != "identity"
        {
            // See RFC 9110 section 15.5.16.
            return ProblemDetails(
                415,
                "Unsupported Media Type",
                "The body must be sent without the content coding \(coding.excerpt)."
            ).with(header: "Accept-Encoding", "identity")
        }
        guard !request.body.isEmpty else { return nil }
        let type = (request.headers["Content-Type"]?.split(separator: ";").first)
            .map { $0.trimmingBlanks.lowercased() }
        guard type != "application/json" else { return nil }
        return ProblemDetails(
            415,
            "Unsupported Media Type",
            "The body must be application/json\(type.map { ", not \($0.excerpt)" } ?? "; the request has no Content-Type")."
        ).with(header: "Accept", "application/json")
    }

    private func preflight(_ request: Request, origin: String?) -> Response? {
        guard request.method == .options, let origin, options.allowedOrigins.contains(origin),
            request.headers.contains("Access-Control-Request-Method")
        else { return nil }
        return Response(
            status: 204,
            headers: HeaderFields([
                ("Access-Control-Allow-Origin", origin),
                ("Access-Control-Allow-Methods", "GET, POST, DELETE"),
                (
                    "Access-Control-Allow-Headers",
                    "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID"
                ),
                ("Access-Control-Max-Age", "600"),
                ("Vary", "Origin"),
            ]),
            body: .empty
        )
    }
}
