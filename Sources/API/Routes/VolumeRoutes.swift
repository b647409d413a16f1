import Deployments
import Engine
import Executor
import HTTP

/// The routes of the volumes that were created by deployments.
struct VolumeRoutes: Sendable {
    let volumes: VolumeList

    func add(to router: inout Router<Identity>) {
        router.add(.get, "/api/volumes", needs: .viewer, list)
        router.add(.delete, "/api/volumes/{name}", needs: .admin, remove)
    }

    @Sendable private func list(_ request: Request, _ caller: Caller) async throws -> Response {
        do throws(EngineFailure) {
            let entries = try await volumes.entries(within: caller.accessScope)
            return .json(["volumes": .array(entries.map(\.json))])
        } catch {
            throw ProblemError(.unanswered(error))
        }
    }

    @Sendable private func remove(_ request: Request, _ caller: Caller) async throws -> Response {
        let name = request.pathParameters["name"] ?? ""
        guard name.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), !name.hasPrefix("-") else {
            throw ProblemError(.unknownVolume(name))
        }
        do throws(VolumeList.Refusal) {
            try await volumes.remove(name, within: caller.accessScope)
        } catch {
            switch error {
            case .unknown:
                throw ProblemError(.unknownVolume(name))
            case .used(let containers):
                let users = containers.prefix(5).joined(separator: ", ")
                throw ProblemError(
                    ProblemDetails(
                        409,
                        "Conflict",
                        "The volume \(name.excerpt) is used by \(users)."
                    )
                )
            case .engine(let failure): throw ProblemError(.unanswered(failure))
            }
        }
        return Response(status: 204, headers: HeaderFields(), body: .empty)
    }
}

extension ProblemDetails {
    fileprivate static func unknownVolume(_ name: String) -> ProblemDetails {
        ProblemDetails(404, "Not Found", "There is no volume \(name.excerpt).")
    }

    /// The engine has not carried out the request.
    fileprivate static func unanswered(_ failure: EngineFailure) -> ProblemDetails {
        ProblemDetails(503, "Service Unavailable", failure.message)
    }
}
