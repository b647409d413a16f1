import Deployments
import Foundation
import Testing

@testable import Executor

/// The engine is not asked what is known already, and what is known wrongly does no harm.
@Suite struct CommandCountTests {
    private func verbs(_ engine: ScriptedEngine, since count: Int) -> [String] {
        engine.calls.dropFirst(count).compactMap { $0.split(separator: " ").first.map(String.init) }
            .sorted()
    }

    @Test func deploymentOfAKnownImageRunsSixCommandsAndAReplacementTen() async throws {
        try await ScriptedEngine.with(changing: { $0.namePatience = .seconds(60) }) { engine in
            #expect(try await engine.deploy(engine.request("first")).stage == .completed)
            var count = engine.calls.count
            #expect(try await engine.deploy(engine.request("c")).stage == .completed)
            let first = ["container-inspect", "cp", "create", "pull", "start", "update"]
            // Without a port there is one look more, at whether the program keeps running.
            let look = ["container-inspect"]
            #expect(verbs(engine, since: count) == look + first)
            count = engine.calls.count
            let end = try await engine.deploy(engine.request("c"))
            #expect(end.outcome?.result.replaced != nil, "\(end.message)")
            let more = ["rename", "rename", "rm", "stop"]
            #expect(verbs(engine, since: count) == (look + first + more).sorted())
            #expect(engine.ids.count == 2)
        }
    }

    @Test func nameThatSomebodyHasIsFoundByTheCreation() async throws {
        try await ScriptedEngine.with(changing: { $0.namePatience = .seconds(60) }) { engine in
            #expect(try await engine.deploy(engine.request("first")).stage == .completed)
            try engine.make("c", id: "a")
            let end = try await engine.deploy(engine.request("c"))
            #expect(end.outcome?.failure?.code == .nameInUse, "\(end.message)")
            #expect(end.outcome?.failure?.stage == .validating)
            #expect(end.outcome?.failure?.undone == [])
            #expect(engine.container("c")?["status"] == "running")
            #expect(engine.ids.count == 2)
        }
    }

    @Test func nameThatSomebodyTakesAfterwardsIsFoundInItsStage() async throws {
        try await ScriptedEngine.with { engine in
            #expect(try await engine.deploy(engine.request("first")).stage == .completed)
            try engine.on(
                "create",
                #"[ -e "$dir/containers/$(printf %064d 0 | tr 0 a)" ] || hold go"#
            )
            let id = try await engine.executor.submit(
                engine.request("c"),
                accessScope: AccessScope(tenant: "default")
            )
            _ = try await engine.event("the pull") {
                $0.deploymentID == id && $0.stage == .pullingImage
            }
            try engine.make("c", id: "a")
            engine.allow("go")
            let end = try await engine.end(of: id)
            #expect(end.outcome?.failure?.code == .nameInUse, "\(end.message)")
            #expect(engine.container("c")?["status"] == "running")
        }
    }

    @Test func previousContainerThatHasGoneIsNotMissed() async throws {
        try await ScriptedEngine.with { engine in
            #expect(try await engine.deploy(engine.request("c")).stage == .completed)
            let previous = try #require(engine.container("c")?["id"])
            try FileManager.default.removeItem(atPath: "\(engine.folder)/containers/\(previous)")
            let end = try await engine.deploy(engine.request("c"))
            #expect(end.stage == .completed, "\(end.message)")
            #expect(end.outcome?.result.replaced == nil)
            #expect(engine.container("c")?["status"] == "running")
            #expect(engine.ids.count == 1)
        }
    }

    @Test func containerMadeByHandInThePlaceOfOursIsLeftAlone() async throws {
        try await ScriptedEngine.with { engine in
            #expect(try await engine.deploy(engine.request("c")).stage == .completed)
            let previous = try #require(engine.container("c")?["id"])
            try FileManager.default.removeItem(atPath: "\(engine.folder)/containers/\(previous)")
            try engine.make("c", id: "a")
            let end = try await engine.deploy(engine.request("c"))
            #expect(end.outcome?.failure?.code == .nameInUse, "\(end.message)")
            #expect(engine.container("c")?["status"] == "running")
            #expect(engine.ids.count == 1)
        }
    }

    @Test func imageThatIsAnotherByNowIsLookedAt() async throws {
        try await ScriptedEngine.with { engine in
            #expect(try await engine.deploy(engine.request("first")).stage == .completed)
            try engine.on(
                "pull",
                #"printf 'Digest: sha256:3\nStatus: Image is up to date for x\n'; exit"#
            )
            let count = engine.calls("image-inspect").count
            #expect(try await engine.deploy(engine.request("c")).stage == .completed)
            #expect(engine.calls("image-inspect").count == count + 1)
        }
    }
}
