import Deployments
import Foundation
import Journal
import Testing

@testable import Executor

/// A container is ours when the journal knows its id, whatever its labels say.
@Suite struct OwnershipTests {
    @Test func copyMadeByHandIsNotReplaced() async throws {
        try await ScriptedEngine.with { engine in
            #expect(try await engine.deploy(engine.request("c")).stage == .completed)
            try engine.make("handmade", id: "a", copying: "c")
            let plan = try await engine.executor.check(
                engine.request("handmade"),
                accessScope: AccessScope(tenant: "default")
            )
            #expect(plan.checks.contains { $0.subject == .name && $0.code == .nameInUse })
            #expect(plan.replaces == nil)
            let end = try await engine.deploy(engine.request("handmade"))
            #expect(end.outcome?.failure?.code == .nameInUse, "\(end.message)")
            #expect(engine.container("handmade")?["status"] == "running")
            #expect(engine.calls("rm").allSatisfy { !$0.contains("aaaa") })
            // Its own it replaces.
            let again = try await engine.deploy(engine.request("c"))
            #expect(again.outcome?.result.replaced != nil)
            #expect(engine.ids.count == 2)
        }
    }

    @Test func copyMadeMeanwhileIsNotUndone() async throws {
        try await ScriptedEngine.with { engine in
            try engine.on("start", "touch \"$dir/starts\"; hold go; exit 1")
            let id = try await engine.executor.submit(
                engine.request("c"),
                accessScope: AccessScope(tenant: "default")
            )
            _ = try await engine.eventually("the start") { engine.exists("starts") ? true : nil }
            try engine.make("copy", id: "a", copying: "c")
            engine.allow("go")
            #expect(try await engine.end(of: id).stage == .error)
            #expect(engine.container("c") == nil)
            #expect(engine.container("copy") != nil)
        }
    }

    @Test func serversOnOneEngineLeaveEachOthersAlone() async throws {
        try await ScriptedEngine.with { first in
            #expect(try await first.deploy(first.request("c")).stage == .completed)
            let before = first.container("c")
            try await ScriptedEngine.with(first.folder) { second in
                let end = try await second.deploy(second.request("c"))
                #expect(end.outcome?.failure?.code == .nameInUse, "\(end.message)")
            }
            #expect(first.container("c") == before)
            let again = try await first.deploy(first.request("c"))
            #expect(again.outcome?.result.replaced == before?["id"])
        }
    }

    @Test func anotherTenantsContainerIsNotNamed() async throws {
        try await ScriptedEngine.with { engine in
            #expect(try await engine.deploy(engine.request("c", app: "hidden")).stage == .completed)
            let end = try await engine.deploy(engine.request("c"), tenant: "other")
            let failure = try #require(end.outcome?.failure)
            #expect(failure.code == .nameInUse)
            #expect(!"\(failure.message) \(failure.hint)".contains("hidden"))
        }
    }

    @Test func containerMadeWithoutAnAnswerIsFoundAndReplacesNothing() async throws {
        try await ScriptedEngine.with { engine in
            // The engine has made it, and nobody was told.
            try engine.on(
                "create",
                """
                if [ ! -e "$dir/lost" ]; then
                    touch "$dir/lost"
                    "$0" create "$@" >/dev/null
                    exit 1
                fi
                """
            )
            let end = try await engine.deploy(engine.request("c"))
            #expect(end.stage == .completed, "\(end.message)")
            #expect(end.outcome?.result.replaced == nil)
            #expect(engine.ids.count == 1)
        }
    }
}
