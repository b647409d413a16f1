import Deployments
import Foundation
import Testing

@testable import Executor

/// Work that is begun ahead shows in its own stage, and holds up none before it.
@Suite struct StageTests {
    @Test(.timeLimit(.minutes(2)))
    func creationThatHangsHoldsUpNoStageBeforeItsOwn() async throws {
        try await ScriptedEngine.with { engine in
            try engine.on("create", "hold go")
            let id = try await engine.executor.submit(
                engine.request("c"),
                accessScope: AccessScope(tenant: "default")
            )
            _ = try await engine.event("its stage") { $0.stage == .startingContainer }
            _ = try await engine.eventually("the creation") { engine.calls("create").first }
            #expect(engine.calls("create").count == 1, "it was not given up before its stage")
            engine.allow("go")
            #expect(try await engine.end(of: id).stage == .completed)
            #expect(engine.calls("create").count == 1)
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func creationThatShowsWhetherTheNameIsFreeHoldsUpNoStageBeforeItsOwn() async throws {
        try await ScriptedEngine.with { engine in
            #expect(try await engine.deploy(engine.request("first")).stage == .completed)
            try engine.on("create", "hold go")
            let id = try await engine.executor.submit(
                engine.request("c"),
                accessScope: AccessScope(tenant: "default")
            )
            _ = try await engine.event("its stage") {
                $0.deploymentID == id && $0.stage == .startingContainer
            }
            _ = try await engine.eventually("the creation") {
                engine.calls("create").count == 2 ? true : nil
            }
            engine.allow("go")
            #expect(try await engine.end(of: id).stage == .completed)
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func creationThatHangsDoesNotHoldUpWhatComesAfterANewerImage() async throws {
        try await ScriptedEngine.with { engine in
            // The first is of the image that was here before.
            try engine.on("create", #"[ "$(grep -c '^create ' "$dir/calls")" != 1 ] || hold go"#)
            try engine.on(
                "pull",
                """
                until grep -q '^create ' "$dir/calls"; do sleep 0.01; done
                printf 'Digest: sha256:2\\nStatus: Downloaded newer image for image:1\\n'; exit
                """
            )
            let id = try await engine.executor.submit(
                engine.request("c"),
                accessScope: AccessScope(tenant: "default")
            )
            _ = try await engine.event("its stage") { $0.stage == .startingContainer }
            engine.allow("go")
            #expect(try await engine.end(of: id).stage == .completed)
            #expect(engine.calls("create").count == 2, "it was made anew of the newer image")
            #expect(engine.ids.count == 1)
        }
    }

    @Test func creationThatFailsAheadIsDoneAgainInItsStage() async throws {
        try await ScriptedEngine.with { engine in
            try engine.on(
                "create",
                """
                if [ "$(grep -c '^create ' "$dir/calls")" = 1 ]; then
                    echo 'Error response from daemon: not yet' >&2; touch "$dir/failed"; exit 1
                fi
                """
            )
            try engine.on("pull", "hold failed")
            #expect(try await engine.deploy(engine.request("c")).stage == .completed)
        }
    }

    @Test func creationThatFailsSaysSoInItsStage() async throws {
        try await ScriptedEngine.with { engine in
            try engine.on("create", "echo 'Error response from daemon: no' >&2; exit 1")
            let end = try await engine.deploy(engine.request("c"))
            #expect(end.outcome?.failure?.stage == .startingContainer)
            #expect(engine.events.contains { $0.stage == .preparingFiles })
        }
    }

    @Test func largeCopyBeginsWhenTheContainerHasBeenLookedAt() async throws {
        try await ScriptedEngine.with { engine in
            let request = engine.request("c")
            for number in 0..<65 {
                let path = "\(try #require(request.folder))/file\(number)"
                #expect(FileManager.default.createFile(atPath: path, contents: nil))
            }
            try engine.on("container-inspect", #"trap 'echo "looked $*" >>"$dir/calls"' EXIT"#)
            #expect(try await engine.deploy(request).stage == .completed)
            let calls = engine.calls
            let start = try #require(calls.firstIndex { $0.hasPrefix("start ") })
            let copy = try #require(calls.firstIndex { $0.hasPrefix("cp ") })
            let look = calls[start...].firstIndex { $0.hasPrefix("looked ") }
            #expect(try #require(look) < copy, "a copy keeps the engine from answering")
        }
    }

    @Test func smallCopyBeginsWhileTheContainerIsLookedAt() async throws {
        try await ScriptedEngine.with { engine in
            // So long that the folder has been read by then.
            try engine.on("start", "sleep 3")
            // The look waits for the copy, which does not wait for the look.
            try engine.on(
                "container-inspect",
                """
                n=0
                until ! grep -q '^start ' "$dir/calls" || grep -q '^cp ' "$dir/calls" || [ $n = 1000 ]; do
                    n=$((n + 1)); sleep 0.01
                done
                echo "looked $*" >>"$dir/calls"
                """
            )
            #expect(try await engine.deploy(engine.request("c")).stage == .completed)
            let calls = engine.calls
            let copy = try #require(calls.firstIndex { $0.hasPrefix("cp ") })
            let start = try #require(calls.firstIndex { $0.hasPrefix("start ") })
            let look = calls[start...].firstIndex { $0.hasPrefix("looked ") }
            #expect(try copy < #require(look))
            let started = engine.events.firstIndex { $0.message.hasPrefix("Container started") }
            let copying = engine.events.firstIndex { $0.stage == .copyingFiles }
            #expect(try #require(started) < #require(copying), "it is told as its own stage")
        }
    }

    @Test func imageThatHasGoneSinceIsPulledOnceMore() async throws {
        try await ScriptedEngine.with { engine in
            try engine.on(
                "create",
                """
                if [ "$(grep -c '^pull ' "$dir/calls")" -le 1 ]; then
                    echo 'Error response from daemon: No such image: image:1' >&2; exit 1
                fi
                """
            )
            let end = try await engine.deploy(engine.request("c"))
            #expect(end.stage == .completed, "\(end.message)")
            #expect(engine.calls("pull").count == 2)
        }
    }

    @Test(arguments: [(failures: 3, starts: 4, stage: Stage.completed), (99, 5, .error)])
    func portThatTheEngineChoseAndSomebodyHasIsChosenAnew(
        _ failures: Int,
        _ starts: Int,
        _ stage: Stage
    ) async throws {
        try await ScriptedEngine.with { engine in
            try engine.on(
                "start",
                """
                if [ "$(grep -c '^start ' "$dir/calls")" -le \(failures) ]; then
                    echo 'Error response from daemon: driver failed programming external connectivity' \
                        'on endpoint c (1): Bind for 127.0.0.1:32768 failed: port is already allocated' >&2
                    exit 1
                fi
                """
            )
            let end = try await engine.deploy(engine.request("c"))
            #expect(end.stage == stage, "\(end.message)")
            #expect(engine.calls("start").count == starts)
            #expect(end.outcome?.failure?.code == (stage == .error ? .portInUse : nil))
        }
    }
}
