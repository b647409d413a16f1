import Deployments
import Executor
import HTTP

/// The routes of the archives that are deployed.
struct ArchiveRoutes: Sendable {
    let archives: ArchiveStore

    func add(to router: inout Router<Identity>) {
        let most = ContentLimit.streamed(archives.limits.archiveBytes)
        router.add(.post, "/api/archives", needs: .deployer, content: most, receive)
        router.add(.get, "/api/archives", needs: .viewer, list)
        router.add(.get, "/api/archives/{id}", needs: .viewer, find)
    }

    @Sendable private func receive(_ request: Request, _ caller: Caller) async throws -> Response {
        let content = request.content
        do throws(ArchiveStore.Refusal) {
            let archive = try await archives.receive(of: caller.accessScope.tenant) {
                try await content?.read(into: $0)
            }
            return .json(
                archive.json(keptFor: archives.limits.age),
                status: 201,
                headers: [
                    ("Location", "/api/archives/\(DeploymentSource.archivePrefix)\(archive.id)")
                ]
            )
        } catch {
            throw ProblemError(.archive(error))
        }
    }

    @Sendable private func list(_ request: Request, _ caller: Caller) async throws -> Response {
        let all = await archives.list(of: caller.accessScope.tenant)
        let age = archives.limits.age
        return .json(["archives": .array(all.map { $0.json(keptFor: age) })])
    }

    @Sendable private func find(_ request: Request, _ caller: Caller) async throws -> Response {
        let name = request.pathParameters["id"] ?? ""
        let prefix = DeploymentSource.archivePrefix
        guard name.hasPrefix(prefix),
            // The client wants to deploy the archive, so it must not be removed before.
            let archive = await archives.use(
                String(name.dropFirst(prefix.count)),
                of: caller.accessScope.tenant
            )
        else {
            throw ProblemError(
                ProblemDetails(404, "Not Found", "There is no archive \(name.excerpt).")
            )
        }
        return .json(archive.json(keptFor: archives.limits.age))
    }
}

extension ProblemDetails {
    /// The answer if an archive was not accepted.
    fileprivate static func archive(_ refusal: ArchiveStore.Refusal) -> ProblemDetails {
        switch refusal {
        case .refused(let message):
            ProblemDetails(400, "Bad Request", message)
        case .busy:
            ProblemDetails(
                503,
                "Service Unavailable",
                "Too many archives are being sent at once. Try again later."
            )
        case .full:
            ProblemDetails(
                507,
                "Insufficient Storage",
                "The server has no room for the archive; it is limited by --max-archive-store-bytes and"
                    + " by the disk."
            )
        case .brokenOff:
            ProblemDetails(400, "Bad Request", "The archive did not arrive completely.")
        case .failed(let message):
            ProblemDetails(500, "Internal Server Error", message)
        }
    }
}
