import Deployments
import HTTP
import Journal

/// The route that forges deliver pushes to. A signature takes the place of a token.
struct HookRoutes: Sendable {
    let hooks: [String: Hook]
    let deployments: DeploymentRoutes
    private let bodies = RequestBodies()

    init(_ hooks: [Hook], _ deployments: DeploymentRoutes) {
        self.hooks = Dictionary(
            hooks.map { ($0.name, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        self.deployments = deployments
    }

    func add(to router: inout Router<Identity>) {
        router.on(.post, "/api/hooks/{name}", content: .whole(.max)) { request, _ in
            do {
                return try await receive(request)
            } catch {
                return ProblemDetails(error).response
            }
        }
    }

    private func receive(_ request: Request) async throws -> Response {
        let name = request.pathParameters["name"] ?? ""
        guard let hook = hooks[name] else {
            throw ProblemError(
                ProblemDetails(404, "Not Found", "There is no hook \(name.excerpt).")
            )
        }
        let headers = request.headers
        guard hook.isSigned(request.body, { headers[$0] }) else {
            throw ProblemError(
                ProblemDetails(
                    401,
                    "Unauthorized",
                    "The signature does not match the hook's secret."
                )
                .with(header: "WWW-Authenticate", "Signature")
            )
        }
        let delivery = try await bodies.read(request.body) { json in
            Push.read(json, of: hook.forge) { headers[$0] }
        }
        switch delivery {
        case .malformed(let reason): throw ProblemError(ProblemDetails(400, "Bad Request", reason))
        case .ignored(let reason): return .json(["ignored": .string(reason)])
        case .push(let push):
            guard
                let rule = hook.rules.first(where: {
                    $0.repository == push.repository.lowercased() && $0.branch == push.branch
                })
            else {
                let what = "\(push.branch.excerpt) of \(push.repository.excerpt)"
                return .json(["ignored": .string("The hook deploys nothing for \(what).")])
            }
            guard let id = Push.deliveryID(of: hook.forge, { headers[$0] }) else {
                throw ProblemError(
                    ProblemDetails(400, "Bad Request", "The request has no delivery id.")
                )
            }
            return try await deploy(push, rule, hook, id)
        }
    }

    /// Deploys the pushed commit, once for each delivery.
    private func deploy(
        _ push: Push,
        _ rule: Hook.Rule,
        _ hook: Hook,
        _ delivery: String
    ) async throws -> Response {
        var request = rule.request
        guard case .git(var git) = request.source else {
            throw ProblemError(
                ProblemDetails(
                    500,
                    "Internal Server Error",
                    "The hook's request has no repository."
                )
            )
        }
        git.ref = push.commit
        request.source = .git(git)
        return try await deployments.deploy(
            request,
            by: Caller(
                name: nil,
                role: .admin,
                accessScope: AccessScope(tenant: hook.tenant),
                streams: StreamGroup()
            ),
            key: IdempotencyKey(
                tenant: hook.tenant,
                delivery: delivery,
                to: hook.name,
                fingerprint: push.commit
            )
        )
    }
}
