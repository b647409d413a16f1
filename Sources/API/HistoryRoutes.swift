import Deployments
import HTTP
import Journal

/// The routes of what has been deployed: lists of it, and forgetting it.
struct HistoryRoutes: Sendable {
    let journal: any Journal

    func add(to router: inout Router) {
        router.add(.get, "/api/deployments", list)
        router.add(.get, "/api/apps", apps)
        router.add(.delete, "/api/deployments/{id}", delete)
    }

    @Sendable private func list(_ request: Request) async throws -> Response {
        var query = HistoryQuery(tenant: DeploymentRoutes.tenant)
        var values = QueryValues(
            request,
            allowing: ["app", "environment", "status", "limit", "cursor"]
        )
        query.app = values.text("app")
        query.environment = values.text("environment")
        let states = DeploymentStatus.allCases.map(\.rawValue).joined(separator: ", ")
        query.status = values.value("status", "must be one of \(states)") {
            DeploymentStatus(rawValue: $0)
        }
        query.limit = values.integer("limit", in: 1...500).map { Int($0) } ?? query.limit
        query.cursor = values.value("cursor", "must be a next_cursor of this list") {
            HistoryCursor(text: $0)
        }
        guard values.faults.isEmpty else { throw Refusal(.faults(values.faults)) }
        let page = try await journal.history(query)
        let deployments = page.deployments.map(\.text).joined(separator: ",")
        let next = JSONValue.optional(page.next?.text).text
        return .json(text: "{\"deployments\":[\(deployments)],\"next_cursor\":\(next)}")
    }

    @Sendable private func apps(_ request: Request) async throws -> Response {
        let values = QueryValues(request, allowing: [])
        guard values.faults.isEmpty else { throw Refusal(.faults(values.faults)) }
        let apps = try await journal.apps(tenant: DeploymentRoutes.tenant)
        return .json(text: "{\"apps\":[\(apps.map(\.text).joined(separator: ","))]}")
    }

    @Sendable private func delete(_ request: Request) async throws -> Response {
        _ = try await journal.delete(request.deploymentID, at: .now())
        return Response(status: 204, headers: HeaderFields(), body: .empty)
    }
}
