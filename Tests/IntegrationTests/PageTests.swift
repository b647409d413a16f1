import Foundation
import Testing

/// The page in a real browser, headless, against a real server and engine.
@Suite(.serialized) struct PageTests {
    /// How a deployment by way of the page ends, with the driver's arguments for it.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let image: String
        let arguments: [String]

        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "success", image: "demo", arguments: ["--expect", "success"]),
        Case(name: "failure", image: "dies", arguments: ["--expect", "failed"]),
        Case(name: "cancel", image: "slow", arguments: ["--cancel", "--expect", "cancelled"]),
    ]

    @Test(arguments: cases)
    func pageFollowsADeploymentAndShowsItAgainAfterAReload(_ page: Case) async throws {
        try await withServer { server, app in
            let folder = try server.app(app, ["index.html": "hello"])
            let driver = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .appendingPathComponent("../System/pages/deploy.py").path
            let run = try await Command.run(
                [
                    "python3", driver, server.url, folder, try TestEngine.image(page.image),
                    "--name", app, "--port", "frontend=3000", "--timeout", "60",
                ] + page.arguments
            )
            #expect(run.status == 0, "\(run.output)\(run.errors)")
        }
    }
}
