import Deployments
import Executor
import HTTP
import Journal
import Workloads

/// A request that is answered with a problem.
struct Refusal: Error {
    let details: ProblemDetails

    init(_ details: ProblemDetails) {
        self.details = details
    }
}

extension Router {
    /// Has the action answer the method under the pattern, and what it throws become a problem.
    mutating func add(
        _ method: Method,
        _ pattern: String,
        _ action: @escaping @Sendable (Request) async throws -> Response
    ) {
        on(method, pattern) { request in
            do {
                return try await action(request)
            } catch {
                return ProblemDetails(error).response
            }
        }
    }
}

extension Request {
    /// The deployment that the path names.
    var deploymentID: DeploymentID {
        get throws {
            let text = pathParameters["id"] ?? ""
            guard let id = DeploymentID(text) else { throw Refusal(.unknownDeployment(text)) }
            return id
        }
    }
}

extension ProblemDetails {
    /// The only place where errors become statuses.
    init(_ error: any Error) {
        switch error {
        case let refusal as Refusal: self = refusal.details
        case let error as SubmissionError: self = ProblemDetails(error)
        case let error as PlanError: self = ProblemDetails(error)
        case let error as WorkloadError: self = ProblemDetails(error)
        case let error as JournalError: self = ProblemDetails(error)
        default: self = ProblemDetails(500, "Internal Server Error", "\(error)")
        }
    }

    private init(_ error: SubmissionError) {
        switch error {
        case .nameBusy(let id):
            self = ProblemDetails(
                409,
                "Conflict",
                "That container name is being deployed, by deployment \(id)."
            ).with("deployment_id", .string(id.text))
        case .queueFull(let capacity):
            self = ProblemDetails(
                503,
                "Service Unavailable",
                "\(capacity) deployments wait already; no more are taken."
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

    private init(_ error: PlanError) {
        switch error {
        case .busy(let limit):
            self = ProblemDetails(
                503,
                "Service Unavailable",
                "\(limit) requests are being checked already; no more are taken."
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
            self = ProblemDetails(409, "Conflict", "Its container lives; stop it first.")
        case .busy, .closed:
            self = ProblemDetails(503, "Service Unavailable", error.description)
                .with(header: "Retry-After", "5")
        default:
            self = ProblemDetails(500, "Internal Server Error", error.description)
        }
    }
}
