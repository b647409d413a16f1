import Deployments
import Engine
import Testing

@testable import Executor

/// A check lists what a deployment fails by, in the same sentence.
extension PipelineTests {
    /// What a check lists under a subject, and how the deployment fails.
    private func compare(
        _ house: House,
        _ subject: CheckReport.Check.Subject,
        _ change: (inout DeploymentRequest) -> Void = { _ in }
    ) async throws -> (listed: CheckReport.Check, failure: Failure) {
        var request = house.request
        change(&request)
        let report = try await house.executor.check(
            request,
            accessScope: AccessScope(tenant: "default")
        )
        let listed = try #require(report.checks.first { $0.subject == subject })
        let failure = try #require(try await house.deploy(change).outcome?.failure)
        #expect(listed.code == failure.code)
        #expect(listed.hint == failure.hint)
        #expect(failure.stage == .validating)
        return (listed, failure)
    }

    @Test func tooLittleRoomIsListedAndFailsTheDeployment() async throws {
        try await withHouse { house in
            var missing = EngineFailure(code: .imageNotFound, message: "No.", hint: "Pull it.")
            missing.isMissing = true
            house.engine.refuse(.image, missing)
            // A file system on which nothing is ever free.
            house.engine.dataFolder = "/proc"
            let (listed, failure) = try await compare(house, .image)
            #expect(listed.code == .diskFull)
            #expect(failure.message == "\(listed.message).")
            #expect(listed.message.hasPrefix("image:1 has "))
            // It fits if other images have most of its layers.
            house.engine.imageSize = 1 << 30
            let report = try await house.executor.check(
                house.request,
                accessScope: AccessScope(tenant: "default")
            )
            #expect(report.checks.first { $0.subject == .image }?.code == nil)
        }
    }

    @Test func nameThatIsTakenIsListedAndFailsTheDeployment() async throws {
        try await withHouse { house in
            house.engine.make(String(repeating: "a", count: 64), named: "web")
            let (listed, failure) = try await compare(house, .name)
            #expect(failure.message == "The name \(listed.message).")
        }
    }

    @Test func anothersVolumeIsListedAndFailsTheDeployment() async throws {
        try await withHouse { house in
            house.engine.makeVolume("data", labels: [Label.tenant: "other"])
            let (listed, failure) = try await compare(house, .volumes) {
                $0.volumes = [ContainerMount(.volume("data"), at: "/data")]
            }
            #expect(listed.message == "the volume data belongs to another tenant")
            #expect(failure.message == "The volume data belongs to another tenant.")
        }
    }

    @Test func anotherPlatformIsListedAndFailsTheDeployment() async throws {
        try await withHouse { house in
            let (listed, failure) = try await compare(house, .engine) {
                $0.platform = "windows/amd64"
            }
            #expect(
                listed.message
                    == "the engine runs linux containers, and windows/amd64 was asked for"
            )
            #expect(failure.message == "T\(listed.message.dropFirst()).")
        }
    }

    @Test func networkThatIsMissingIsListedAndFailsTheDeployment() async throws {
        try await withHouse { house in
            house.engine.refuse(
                .checkNetwork,
                EngineFailure(code: .networkNotFound, message: "No.", hint: "Make it.")
            )
            let (listed, failure) = try await compare(house, .network) { $0.network = "backend" }
            #expect(listed.message == failure.message)
        }
    }
}
