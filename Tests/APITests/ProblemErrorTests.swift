import Deployments
import Executor
import HTTP
import Journal
import Testing

@testable import API

@Suite struct ProblemErrorTests {
    @Test(arguments: [
        (JournalError.Code.diskFull, 507), (.readOnly, 503), (.busy, 503), (.closed, 503),
        (.corrupt, 500), (.other(5), 500), (.unknownDeployment, 404), (.notFinal, 409),
        (.workloadLives, 409),
    ])
    func troubleOfTheJournalHasAStatusAndASentence(_ code: JournalError.Code, _ status: Int) {
        let error = JournalError(code: code, operation: "commit", message: "no luck")
        for error in [error, SubmissionError.journal(error)] as [any Error] {
            let problem = ProblemDetails(error)
            #expect(problem.status == status)
            #expect(problem.detail.count > 10)
            let mayComeAgain = code == .busy || code == .closed
            #expect(problem.headers.contains { $0.0 == "Retry-After" } == mayComeAgain)
        }
    }

    @Test func refusedSubmissionSaysWhenToComeAgain() {
        let id = DeploymentID()
        let busy = ProblemDetails(SubmissionError.nameBusy(id))
        #expect(busy.status == 409)
        #expect(busy.extensions.first?.value == .string(id.text))
        for error in [SubmissionError.queueFull(capacity: 3), .closing] {
            let problem = ProblemDetails(error)
            #expect(problem.status == 503)
            #expect(problem.headers.contains { $0.0 == "Retry-After" })
        }
    }

    @Test func refusedPlanSaysWhenToComeAgain() {
        let problem = ProblemDetails(CheckError.busy(limit: 4))
        #expect(problem.status == 503)
        #expect(problem.headers.contains { $0.0 == "Retry-After" && $0.1 == "2" })
    }

    @Test func refusalIsShortWhateverIsRefused() throws {
        let long = String(repeating: "\u{1}", count: 500_000)
        let faults = (0..<10_000).map {
            FieldFault(field: "f\($0)", message: "must not be \(long)")
        }
        let many = (0..<10_000).map { FieldFault(field: "f\($0)", message: "must not be") }
        for problem in [
            ProblemDetails.faults(faults), .faults(many), .unknownDeployment(long),
            ProblemDetails(500, "Internal Server Error", long),
        ] {
            guard case .bytes(let body) = problem.response.body else {
                Issue.record("no body")
                return
            }
            #expect(body.count <= 16_384)
            _ = try JSONValue(parsing: body)
        }
        guard case .bytes(let body) = ProblemDetails.faults(many).response.body else { return }
        let answer = try JSONValue(parsing: body)
        #expect(answer["errors"]?.elements?.count == 100)
        #expect(answer["detail"] == "The request has 10000 faults. The first 100 are listed.")
    }
}
