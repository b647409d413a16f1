import Deployments
import Engine
import HTTP
import Journal
import Workloads

/// The routes of a deployment's container: stop, start and logs.
struct WorkloadRoutes: Sendable {
    let workloads: WorkloadMonitor
    let journal: any Journal
    let limit: StreamLimit

    func add(to router: inout Router<Identity>) {
        router.add(.post, "/api/deployments/{id}/stop", needs: .deployer, stop)
        router.add(.post, "/api/deployments/{id}/start", needs: .deployer, start)
        router.add(.get, "/api/deployments/{id}/logs", needs: .viewer, logs)
    }

    @Sendable private func stop(_ request: Request, _ caller: Caller) async throws -> Response {
        let id = try await request.deployment(of: caller, in: journal)
        let seconds = try Self.timeout(request.body)
        try await workloads.stop(id, timeoutSeconds: seconds)
        return try await accepted(id)
    }

    @Sendable private func start(_ request: Request, _ caller: Caller) async throws -> Response {
        let id = try await request.deployment(of: caller, in: journal)
        _ = try Self.members(request.body, known: [])
        try await workloads.start(id)
        return try await accepted(id)
    }

    private func accepted(_ id: DeploymentID) async throws -> Response {
        guard let record = try await journal.record(of: id) else {
            throw ProblemError(.unknownDeployment(id.text))
        }
        return .json(record.json, status: 202)
    }

    /// The members of a body, which may be missing.
    static func members(_ body: [UInt8], known: [String]) throws -> [JSONMember] {
        guard !body.isEmpty else { return [] }
        let json: JSONValue
        do throws(JSONSyntaxError) {
            json = try JSONValue(parsing: body, within: .request)
        } catch {
            throw ProblemError(.faults([FieldFault(field: "", message: error.reason)]))
        }
        guard let members = json.members else {
            throw ProblemError(.faults([FieldFault(field: "", message: "must be a JSON object")]))
        }
        let faults = members.filter { !known.contains($0.name) }.map { member in
            FieldFault(
                field: member.name.excerpt,
                message: known.isEmpty
                    ? "unknown field; there are none"
                    : "unknown field; known are \(known.joined(separator: ", "))"
            )
        }
        guard faults.isEmpty else { throw ProblemError(.faults(faults)) }
        return members
    }

    private static func timeout(_ body: [UInt8]) throws -> Int? {
        let name = "timeout_seconds"
        let given = try members(body, known: [name]).last?.value
        guard let given, !given.isNull else { return nil }
        guard let seconds = given.integer, (0...3600).contains(seconds) else {
            let message = "must be a whole number from 0 to 3600"
            throw ProblemError(.faults([FieldFault(field: name, message: message)]))
        }
        return Int(seconds)
    }

    // MARK: The log

    @Sendable private func logs(_ request: Request, _ caller: Caller) async throws -> Response {
        let id = try await request.deployment(of: caller, in: journal)
        var query = QueryValues(request)
        let lines = query.integer("tail", in: 0...10_000) ?? 200
        let follow = query.flag("follow") ?? false
        guard query.faults.isEmpty else { throw ProblemError(.faults(query.faults)) }
        try limit.check(for: caller)
        let log = try await workloads.log(of: id, lines: Int(lines), follow: follow)
        let isStream = AcceptHeader(request.headers["Accept"]).prefersEventStream
        var response = Response(
            status: 200,
            headers: HeaderFields([
                ("Content-Type", isStream ? "text/event-stream" : "text/plain; charset=utf-8"),
                ("Cache-Control", "no-cache, no-transform"),
                ("X-Accel-Buffering", "no"),
            ]),
            body: .stream(isStream ? Self.events(log) : Self.text(log))
        )
        response.group = caller.streams
        return response
    }

    private static func text(_ log: WorkloadLog) -> ContentStream {
        ContentStream { writer in
            await log.read { lines in
                await writer.write(Array((lines.joined(separator: "\n") + "\n").utf8))
            }
        }
    }

    private static func events(_ log: WorkloadLog) -> ContentStream {
        ContentStream(heartbeat: Array(": heartbeat\n\n".utf8)) { writer in
            await log.read { lines in
                let blocks = lines.map { "data: \(oneLine($0))\n\n" }
                return await writer.write(Array(blocks.joined().utf8))
            }
        }
    }

    /// Removes carriage returns, because one would end the field.
    private static func oneLine(_ line: String) -> String {
        let line = line.hasSuffix("\r") ? String(line.dropLast()) : line
        return line.replacing("\r", with: " ")
    }
}

extension ProblemDetails {
    init(_ error: WorkloadError) {
        switch error {
        case .unknown: self = ProblemDetails(404, "Not Found", "There is no such deployment.")
        case .noContainer(let status):
            self = ProblemDetails(
                409,
                "Conflict",
                "The deployment has no container (\(status.rawValue))."
            )
        case .removed(let successor):
            let details = ProblemDetails(
                409,
                "Conflict",
                successor.map { "The container was replaced by that of deployment \($0)." }
                    ?? "The container was removed."
            )
            self = successor.map { details.with("deployment_id", .string($0.text)) } ?? details
        case .notRunning: self = ProblemDetails(409, "Conflict", "The container is not running.")
        case .alreadyRunning:
            self = ProblemDetails(409, "Conflict", "The container is already running.")
        case .beingReplaced(let id):
            let details = ProblemDetails(
                409,
                "Conflict",
                "\(id.map { "Deployment \($0)" } ?? "Another deployment") is replacing the container."
            )
            self = id.map { details.with("deployment_id", .string($0.text)) } ?? details
        case .tooManyLogs:
            self = ProblemDetails(503, "Service Unavailable", "Too many logs are being read.")
                .with(header: "Retry-After", "5")
        case .engine(let failure): self = ProblemDetails(failure)
        case .journal(let error): self = ProblemDetails(error)
        }
    }

    private init(_ failure: EngineFailure) {
        let details =
            switch failure.code {
            case .dockerUnavailable, .dockerPermissionDenied, .timedOut:
                ProblemDetails(503, "Service Unavailable", failure.message)
                    .with(header: "Retry-After", "5")
            case .portInUse, .nameInUse, .settingsRefused, .networkNotFound:
                ProblemDetails(409, "Conflict", failure.message)
            default: ProblemDetails(502, "Bad Gateway", failure.message)
            }
        self = details.with("code", .string(failure.code.rawValue))
            .with("hint", .string(failure.hint))
    }
}
