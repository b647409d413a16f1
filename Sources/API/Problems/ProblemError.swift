import Deployments
import Executor
import HTTP
import Journal
import Workloads

/// A failure that is answered with a problem.
struct ProblemError: Error {
    let details: ProblemDetails

    init(_ details: ProblemDetails) {
        self.details = details
    }
}

extension Router<Identity> {
    /// Registers an action for callers of the role. Anything that it throws is answered with a
    /// problem.
    mutating func add(
        _ method: Method,
        _ pattern: String,
        needs role: Role,
        content: ContentLimit = .usual,
        _ action: @escaping @Sendable (Request, Caller) async throws -> Response
    ) {
        on(method, pattern, content: content) { request, identity in
            do {
                return try await action(request, identity.caller(atLeast: role))
            } catch {
                return ProblemDetails(error).response
            }
        }
    }

    /// Registers an action about the server's own state. It is for admins, which everybody is if
    /// there are no tokens, or for everybody if the options say so. The fact that a request comes
    /// from this machine proves nothing, because a proxy on it need not say for whom it asks.
    mutating func add(
        _ method: Method,
        _ pattern: String,
        forOperatorsOf options: AccessOptions,
        _ action: @escaping @Sendable (Request) async -> Response
    ) {
        let isOpen = options.opensMetrics
        on(method, pattern) { request, identity in
            do {
                if !isOpen { _ = try identity.caller(atLeast: .admin) }
                return await action(request)
            } catch {
                return ProblemDetails(error).response
            }
        }
    }
}

extension Request {
    /// The deployment in the path.
    var deploymentID: DeploymentID {
        get throws {
            let text = pathParameters["id"] ?? ""
            guard let id = DeploymentID(text) else { throw ProblemError(.unknownDeployment(text)) }
            return id
        }
    }

    /// The deployment in the path, if it is within the caller's access scope. For the caller, any
    /// other does not exist.
    func deployment(of caller: Caller, in journal: any Journal) async throws -> DeploymentID {
        let id = try deploymentID
        guard let owner = try await journal.owner(of: id),
            caller.accessScope.includes(tenant: owner.tenant, app: owner.app)
        else { throw ProblemError(.unknownDeployment(id.text)) }
        return id
    }
}

extension ProblemDetails {
    /// This is the only place where errors become statuses.
    init(_ error: any Error) {
        switch error {
        case let refusal as ProblemError: self = refusal.details
        case let error as SubmissionError: self = ProblemDetails(error)
        case let error as CheckError: self = ProblemDetails(error)
        case let error as WorkloadError: self = ProblemDetails(error)
        case let error as JournalError: self = ProblemDetails(error)
        default: self = ProblemDetails(500, "Internal Server Error", "\(error)")
        }
    }

    private init(_ error: SubmissionError) {
        switch error {
        case .nameBusy(let id):
            let details = ProblemDetails(
                409,
                "Conflict",
                "A container with that name is being deployed\(id.map { " by deployment \($0)" } ?? "")."
            )
            self = id.map { details.with("deployment_id", .string($0.text)) } ?? details
        case .queueFull(let capacity):
            self = ProblemDetails(
                503,
                "Service Unavailable",
                "\(capacity) deployments are already waiting; no more are accepted for now."
            ).with(header: "Retry-After", "10")
        case .closing:
            self = ProblemDetails(
                503,
                "Service Unavailable",
                "The server is shutting down."
            ).with(header: "Retry-After", "30")
        case .journal(let error):
            self = ProblemDetails(error)
        }
    }

    private init(_ error: CheckError) {
        switch error {
        case .busy(let limit):
            self = ProblemDetails(
                503,
                "Service Unavailable",
                "\(limit) requests are already being checked; no more are accepted for now."
            ).with(header: "Retry-After", "2")
        }
    }

    init(_ error: JournalError) {
        switch error.code {
        case .diskFull:
            self = ProblemDetails(507, "Insufficient Storage", "The server's disk is full.")
        case .readOnly:
            self = ProblemDetails(
                503,
                "Service Unavailable",
                "The server cannot write into its data directory: \(error.message)."
            )
        case .unknownDeployment:
            self = ProblemDetails(404, "Not Found", "There is no such deployment.")
        case .notFinal:
            self = ProblemDetails(409, "Conflict", "The deployment has not ended; cancel it first.")
        case .workloadLives:
            self = ProblemDetails(
                409,
                "Conflict",
                "The deployment's container is live; stop it first."
            )
        case .busy, .closed:
            self = ProblemDetails(503, "Service Unavailable", error.description)
                .with(header: "Retry-After", "5")
        default:
            self = ProblemDetails(500, "Internal Server Error", error.description)
        }
    }
}
