import Deployments
import Executor
import HTTP
import Journal

/// The routes that start, follow and end one deployment.
struct DeploymentRoutes: Sendable {
    let executor: Executor
    let journal: any Journal
    let streams: DeploymentStreams
    let decoder: RequestDecoder
    let roots: SourceRoots
    let archives: ArchiveStore
    let limit: StreamLimit
    let sharesNetworks: Bool

    private let keyTurns = KeyedLock()
    private let bodies = RequestBodies()

    func add(to router: inout Router<Identity>) {
        // The body of these requests may be as large as the server allows at all.
        for (path, action) in [
            ("/api/deploy/docker-registry/stream", deployAndStream), ("/api/deployments", deploy),
            ("/api/deployments/check", check),
        ] {
            router.add(.post, path, needs: .deployer, content: .whole(.max), action)
        }
        router.add(.get, "/api/deploy/progress/{id}", needs: .viewer, progress)
        router.add(.get, "/api/deployments/{id}", needs: .viewer, record)
        router.add(.get, "/api/deployments/{id}/stream", needs: .viewer, stream)
        router.add(.get, "/api/deployments/{id}/events", needs: .viewer, events)
        router.add(.post, "/api/deployments/{id}/cancel", needs: .deployer, cancel)
    }

    // MARK: Starting a deployment

    @Sendable private func deployAndStream(_ request: Request, _ caller: Caller) async throws
        -> Response
    {
        // The permit is taken first, so that an accepted deployment is never answered with a
        // refusal.
        let slot = try limit.take(for: caller, request)
        let id = try await submit(request, caller)
        return try await eventStream(id, after: 0, caller, slot)
    }

    @Sendable private func deploy(_ request: Request, _ caller: Caller) async throws -> Response {
        try await accepted(try await submit(request, caller))
    }

    /// Accepts a deployment that was decoded before, once for each key.
    func deploy(
        _ request: DeploymentRequest,
        by caller: Caller,
        key: IdempotencyKey
    ) async throws -> Response {
        let body = Body(
            app: request.app,
            folder: request.folder,
            isUsed: request.folder != nil,
            request: .success(request),
            fingerprint: key.fingerprint
        )
        return try await accepted(try await submit(body, under: key, caller))
    }

    private func accepted(_ id: DeploymentID) async throws -> Response {
        guard let record = try await journal.record(of: id) else {
            throw ProblemError(.unknownDeployment(id.text))
        }
        return .json(
            record.json,
            status: 202,
            headers: [("Location", "/api/deployments/\(id)")]
        )
    }

    /// Reports what the request would do. Nothing is changed.
    @Sendable private func check(_ request: Request, _ caller: Caller) async throws -> Response {
        let deployment = try await accept(read(request, caller), caller)
        let report = try await executor.check(deployment, accessScope: caller.accessScope)
        return .json(report.json(for: deployment))
    }

    /// Accepts the deployment, or finds the one that its key stands for.
    private func submit(_ request: Request, _ caller: Caller) async throws -> DeploymentID {
        let body = try await read(request, caller)
        guard let key = try Self.key(request, body.fingerprint, caller) else {
            return try await submit(body, nil, caller)
        }
        return try await submit(body, under: key, caller)
    }

    private func submit(
        _ body: Body,
        under key: IdempotencyKey,
        _ caller: Caller
    ) async throws -> DeploymentID {
        await keyTurns.begin(key)
        defer { keyTurns.end(key) }
        guard let known = try await journal.deployment(for: key, at: .now()) else {
            return try await submit(body, key, caller)
        }
        let owner = try await journal.owner(of: known.id)
        let isOwn =
            owner.map { caller.accessScope.includes(tenant: $0.tenant, app: $0.app) } ?? false
        guard known.fingerprint == key.fingerprint, isOwn else {
            let details = ProblemDetails(
                409,
                "Conflict",
                "That Idempotency-Key was used before with another body"
                    + "\(isOwn ? ", for deployment \(known.id)" : "")."
            )
            throw ProblemError(
                isOwn ? details.with("deployment_id", .string(known.id.text)) : details
            )
        }
        return known.id
    }

    private static let keyName = "Idempotency-Key"

    /// The `Idempotency-Key` field, which may be any visible text without blanks.
    private static func key(
        _ request: Request,
        _ fingerprint: String?,
        _ caller: Caller
    ) throws -> IdempotencyKey? {
        guard let text = request.headers[keyName], let fingerprint else { return nil }
        guard (1...255).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            let message = "must be 1 to 255 visible ASCII characters"
            throw ProblemError(.faults([FieldFault(field: keyName, message: message)]))
        }
        return IdempotencyKey(
            tenant: caller.accessScope.tenant,
            text: text,
            fingerprint: fingerprint
        )
    }

    /// The content of a body, before it is checked.
    private struct Body: Sendable {
        let app: String?
        let folder: String?
        /// Whether the folder is used for anything.
        let isUsed: Bool
        let request: Result<DeploymentRequest, RequestFaults>
        /// The fingerprint, if the request has a key.
        let fingerprint: String?
    }

    private func read(_ request: Request, _ caller: Caller) async throws -> Body {
        let isAdmin = caller.role >= .admin
        let (decoder, hasKey) = (decoder, request.headers.contains(Self.keyName))
        return try await bodies.read(request.body) { json in
            Body(
                app: json["script_name"]?.string,
                folder: json["script_folder"]?.string,
                isUsed: json["copy"]?.string != CopyOrder.none.rawValue
                    || json["build"].map { !$0.isNull } ?? false,
                request: Result { () throws(RequestFaults) in
                    try decoder.decode(json, isAdmin: isAdmin)
                },
                fingerprint: hasKey ? json.fingerprint : nil
            )
        }
    }

    private func submit(
        _ body: Body,
        _ key: IdempotencyKey?,
        _ caller: Caller
    ) async throws -> DeploymentID {
        try await executor.submit(
            await accept(body, caller),
            accessScope: caller.accessScope,
            key: key
        )
    }

    /// Checks a body and returns its request with the folder's real path; throws all faults.
    private func accept(_ body: Body, _ caller: Caller) async throws -> DeploymentRequest {
        if let app = body.app,
            !caller.accessScope.includes(tenant: caller.accessScope.tenant, app: app)
        {
            throw ProblemError(
                ProblemDetails(403, "Forbidden", "The token is not for app \(app.excerpt).")
                    .with("field", "script_name")
            )
        }
        var faults: [FieldFault] = []
        var accepted: DeploymentRequest?
        do throws(RequestFaults) {
            accepted = try body.request.get()
        } catch {
            faults = error.faults
        }
        if let request = accepted {
            do throws(RequestFaults) {
                accepted = try await executor.locateMounts(of: request)
            } catch {
                faults += error.faults
            }
        }
        if let folder = body.folder, !folder.isEmpty, body.isUsed {
            do throws(SourceRoots.FolderFault) {
                // The folder is checked even if there are other faults, so that all faults are
                // reported.
                let real = try await roots.resolve(folder)
                accepted?.source = .folder(real)
            } catch {
                if error.isTemporary, faults.isEmpty {
                    throw ProblemError(
                        ProblemDetails(
                            503,
                            "Service Unavailable",
                            "The script_folder \(error.message)."
                        ).with("field", "script_folder")
                    )
                }
                if !faults.contains(where: { $0.field == "script_folder" }) {
                    faults.append(FieldFault(field: "script_folder", message: error.message))
                }
            }
        }
        if case .git(let git) = accepted?.source, git.location.way == .path {
            do throws(SourceRoots.FolderFault) {
                _ = try await roots.resolve(git.location.text)
            } catch {
                // If a disk does not answer, the deployment reports it.
                if !error.isTemporary {
                    faults.append(FieldFault(field: "source.git", message: error.message))
                }
            }
        }
        if case .archive(let id) = accepted?.source,
            await archives.use(id, of: caller.accessScope.tenant) == nil
        {
            faults.append(
                FieldFault(
                    field: "source.archive",
                    message: "there is no such archive here; send it to /api/archives first"
                )
            )
        }
        guard faults.isEmpty, let accepted else { throw ProblemError(.faults(faults)) }
        if let network = accepted.network, caller.name != nil, !sharesNetworks,
            network == "host" || network.hasPrefix("container:")
        {
            throw ProblemError(
                ProblemDetails(
                    403,
                    "Forbidden",
                    "With network \(network.excerpt) the container could reach other tenants' containers;"
                        + " --share-networks would allow it."
                ).with("field", "network")
            )
        }
        return accepted
    }

    // MARK: Following a deployment

    @Sendable private func progress(_ request: Request, _ caller: Caller) async throws -> Response {
        let id = try await request.deployment(of: caller, in: journal)
        var query = QueryValues(request)
        let after = query.integer("after", in: 0...Int64.max)
        let wait = query.integer("wait", in: 0...30) ?? 0
        guard query.faults.isEmpty else { throw ProblemError(.faults(query.faults)) }
        let latest = try await streams.latest(of: id, after: after, wait: .seconds(wait))
        guard !caller.streams.isEnded else { throw ProblemError(Identity.refused.unauthorized) }
        guard let latest else { throw ProblemError(.unknownDeployment(id.text)) }
        let tag = "\"\(latest.id)\""
        let isKnown = after.map { latest.id <= $0 } ?? false
        if isKnown || Self.matches(request.headers["If-None-Match"], tag) {
            return Response(
                status: 304,
                headers: HeaderFields([("ETag", tag), ("Cache-Control", "no-cache")]),
                body: .empty
            )
        }
        return .json(text: latest.textWithID, headers: [("ETag", tag)])
    }

    @Sendable private func record(_ request: Request, _ caller: Caller) async throws -> Response {
        let id = try await request.deployment(of: caller, in: journal)
        guard let record = try await journal.record(of: id) else {
            throw ProblemError(.unknownDeployment(id.text))
        }
        return .json(record.json)
    }

    @Sendable private func stream(_ request: Request, _ caller: Caller) async throws -> Response {
        let slot = try limit.take(for: caller, request)
        let id = try await request.deployment(of: caller, in: journal)
        return try await eventStream(id, after: try lastEventID(request), caller, slot)
    }

    @Sendable private func events(_ request: Request, _ caller: Caller) async throws -> Response {
        let id = try await request.deployment(of: caller, in: journal)
        var query = QueryValues(request)
        let after = query.integer("after", in: 0...Int64.max) ?? 0
        let limit = query.integer("limit", in: 1...1000) ?? 100
        guard query.faults.isEmpty else { throw ProblemError(.faults(query.faults)) }
        let page = try await journal.events(
            of: id,
            after: after,
            limit: Int(limit),
            maxBytes: 4 << 20
        )
        if page.isEmpty, try await journal.latest(of: id) == nil {
            throw ProblemError(.unknownDeployment(id.text))
        }
        return .json(text: "{\"events\":[\(page.map(\.textWithID).joined(separator: ","))]}")
    }

    private func eventStream(
        _ id: DeploymentID,
        after: Int64,
        _ caller: Caller,
        _ slot: StreamPermit
    ) async throws -> Response {
        guard let subscription = try await streams.subscribe(to: id, after: after) else {
            throw ProblemError(.unknownDeployment(id.text))
        }
        return Response(events: subscription, for: caller, in: slot)
    }

    /// The id after which a client wants to continue, from the event stream's header field or from
    /// `?after=`. Both must be ids; if both are given, the field counts.
    private func lastEventID(_ request: Request) throws -> Int64 {
        var query = QueryValues(request)
        let after = query.integer("after", in: 0...Int64.max) ?? 0
        var faults = query.faults
        var last: Int64?
        if let field = request.headers["Last-Event-ID"], !field.isEmpty {
            last = QueryValues.digits(field)
            if last == nil {
                faults.append(
                    FieldFault(field: "Last-Event-ID", message: "must be the id of an event")
                )
            }
        }
        guard faults.isEmpty else { throw ProblemError(.faults(faults)) }
        return last ?? after
    }

    // MARK: Ending a deployment

    @Sendable private func cancel(_ request: Request, _ caller: Caller) async throws -> Response {
        let id = try await request.deployment(of: caller, in: journal)
        let cancellation = await executor.cancel(id)
        guard let record = try await journal.record(of: id) else {
            throw ProblemError(.unknownDeployment(id.text))
        }
        switch cancellation {
        case .accepted: return .json(record.json, status: 202)
        case .tooLate:
            throw ProblemError(
                ProblemDetails(
                    409,
                    "Conflict",
                    "The deployment's new container is already taking over."
                )
            )
        case .unknown:
            throw ProblemError(
                ProblemDetails(
                    409,
                    "Conflict",
                    "The deployment has already ended (\(record.state.status.rawValue))."
                )
            )
        }
    }

    /// Compares an `If-None-Match` list with a tag, by weak comparison (RFC 9110 section 13.1.2).
    private static func matches(_ field: String?, _ tag: String) -> Bool {
        guard let field else { return false }
        return field.split(separator: ",").contains { candidate in
            let candidate = candidate.filter { !$0.isWhitespace }
            return candidate == "*" || candidate == tag || candidate == "W/\(tag)"
        }
    }
}
