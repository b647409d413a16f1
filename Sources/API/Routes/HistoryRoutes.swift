import Deployments
import HTTP
import Journal

/// The routes that list and delete deployments.
struct HistoryRoutes: Sendable {
    let journal: any Journal

    func add(to router: inout Router<Identity>) {
        router.add(.get, "/api/deployments", needs: .viewer, list)
        router.add(.get, "/api/apps", needs: .viewer, apps)
        router.add(.delete, "/api/deployments/{id}", needs: .admin, delete)
    }

    @Sendable private func list(_ request: Request, _ caller: Caller) async throws -> Response {
        var query = HistoryQuery(caller.accessScope)
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
        guard values.faults.isEmpty else { throw ProblemError(.faults(values.faults)) }
        let page = try await journal.history(query)
        return .json([
            "deployments": .array(page.deployments.map(\.json)),
            "next_cursor": .optional(page.next?.text),
        ])
    }

    @Sendable private func apps(_ request: Request, _ caller: Caller) async throws -> Response {
        let values = QueryValues(request, allowing: [])
        guard values.faults.isEmpty else { throw ProblemError(.faults(values.faults)) }
        let apps = try await journal.apps(within: caller.accessScope)
        return .json(["apps": .array(apps.map(\.json))])
    }

    @Sendable private func delete(_ request: Request, _ caller: Caller) async throws -> Response {
        let id = try await request.deployment(of: caller, in: journal)
        _ = try await journal.delete(id, at: .now())
        return Response(status: 204, headers: HeaderFields(), body: .empty)
    }
}
