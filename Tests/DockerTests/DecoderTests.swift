import Engine
import Foundation
import Testing

@testable import Docker

/// What both clients print about containers and images.
struct DecoderTests {
    @Test(arguments: Fixture.clients)
    func containersAreRead(_ client: String) throws {
        let output = Fixture(client: client, path: "output/containers.txt").bytes
        let list = Container.decode(output)
        #expect(list.map(\.name) == ["first", "taken", "exited", "hungry", "checked", "broken"])
        guard list.count == 6 else { return }
        #expect(list.allSatisfy { $0.id.count == 64 && $0.imageID.hasPrefix("sha256:") })
        #expect(list.map(\.running) == [true, false, false, false, true, false])
        #expect(
            list.map(\.status) == [.running, .created, .exited, .exited, .running, .created]
        )
        #expect(list[0].ports.keys.map { $0 } == [8000])
        #expect(list[0].ports[8000]?.map(\.address) == ["127.0.0.1"])
        #expect(list[0].ports[8000]?.allSatisfy { $0.port > 1024 } == true)
        #expect(list[0].requestedPorts == [8000: [.init(address: "127.0.0.1", port: 0)]])
        #expect(list[0].health == nil)
        #expect(!list[0].hasHealthcheck)
        #expect(list[0].memoryLimit == nil)
        #expect(list[1].ports.isEmpty)
        #expect(list[2].exitCode == 3)
        #expect(!list[2].oomKilled)
        #expect(list[2].labels == ["a": "b c", "empty": ""])
        #expect(list[3].oomKilled)
        #expect(list[3].exitCode == 137)
        #expect(list[3].memoryLimit == 16 << 20)
        #expect(list[4].health == .healthy)
        #expect(list[4].hasHealthcheck)
        #expect(list[4].ports[8001]?.first?.address == "::1")
        #expect(list[5].exitCode == 127)
        #expect(list[5].error.contains("no such file or directory"))
        #expect(list.allSatisfy { $0.restartCount == 0 })
        #expect(list[2].startedAt < list[2].finishedAt || list[2].finishedAt.hasPrefix("2026"))
    }

    @Test(arguments: Fixture.clients)
    func aListOfContainersIsRead(_ client: String) {
        let list = ContainerSummary.decode(Fixture(client: client, path: "output/list.txt").bytes)
        #expect(Set(list.map(\.name)) == ["taken", "exited"])
        #expect(list.first { $0.name == "exited" }?.status == .exited)
        #expect(list.allSatisfy { $0.id.count == 64 })
    }

    @Test(
        arguments: [
            ("created", .created), ("running", .running), ("paused", .paused),
            ("restarting", .restarting), ("removing", .removing), ("exited", .exited),
            ("dead", .dead), ("frozen", .other("frozen")), ("", .other("")),
        ] as [(String, Container.Status)]
    )
    func dockersWordsForAStatusAreDecoded(_ word: String, _ status: Container.Status) {
        #expect(Container.Status(word: word) == status)
        let line = #"{"id":"a","name":"b","image":"c","state":{"Status":"\#(word)"}}"#
        #expect(Container.decode(Array(line.utf8)).first?.status == status)
        let entry = #"{"id":"a","name":"b","state":"\#(word)"}"#
        #expect(ContainerSummary.decode(Array(entry.utf8)).first?.status == status)
    }

    @Test(arguments: Fixture.clients)
    func anImageIsRead(_ client: String) throws {
        let output = Fixture(client: client, path: "output/image.txt").bytes
        let image = try #require(Image.decode(output))
        #expect(image.id.hasPrefix("sha256:"))
        #expect(image.os == "linux")
        #expect(image.architecture == "amd64")
        #expect(image.variant.isEmpty)
        #expect(image.hasCommand)
        #expect(!image.hasHealthcheck)
        let digest = image.digest(for: "localhost:5000/demo:1")
        #expect(digest?.hasPrefix("sha256:") == true)
        #expect(image.digest(for: "localhost:5000/other:1") == nil)
        #expect(image.digest(for: "demo:1") == nil)
        #expect(image.isKnown(as: digest))
        #expect(!image.isKnown(as: "sha256:0"))
        #expect(!image.isKnown(as: nil))
    }

    @Test func imageWithoutANameHasNoNames() throws {
        let text =
            #"{"id":"sha256:a","tags":["<none>:<none>","demo:1"],"#
            + #""digests":["<none>@<none>","<none>@sha256:1","demo@sha256:2"]}"#
        let image = try #require(Image.decode(Array(text.utf8)))
        #expect(image.repoTags == ["demo:1"])
        #expect(image.repoDigests == ["demo@sha256:2"])
    }

    /// Older engines mark anonymous volumes by their names alone.
    @Test(arguments: [
        ("data", "null", false), ("data", #"{"a":"b"}"#, false),
        ("data", #"{"com.docker.volume.anonymous":""}"#, true),
        (String(repeating: "0a", count: 32), "null", true),
        (String(repeating: "0a", count: 31), "null", false),
        (String(repeating: "0g", count: 32), "null", false),
    ])
    func anonymousVolumesAreKnown(_ name: String, _ labels: String, _ isAnonymous: Bool) throws {
        let text = #"{"name":"\#(name)","labels":\#(labels),"created":""}"#
        let volume = try #require(Volume.decode(Array(text.utf8)).first)
        #expect(volume.isAnonymous == isAnonymous)
    }

    @Test(arguments: Fixture.clients)
    func eventsAreRead(_ client: String) throws {
        let lines = Fixture(client: client, path: "output/events.txt").bytes.split(separator: 0x0A)
        let events = lines.compactMap { ContainerEvent(line: Array($0)) }
        #expect(events.count == lines.count)
        #expect(events.map(\.time) == events.map(\.time).sorted())
        let healths = events.map(\.kind).filter {
            if case .healthChanged = $0 { true } else { false }
        }
        #expect(healths.first == .healthChanged(to: .healthy))
        #expect(events.contains { $0.kind == .ended(exitCode: 3) })
        #expect(events.contains { $0.kind == .other("oom") })
        let renamed = try #require(events.first { $0.kind == .other("rename") })
        #expect(renamed.attributes["name"] == "renamed")
        #expect(renamed.attributes["oldName"] == "/taken")
        #expect(renamed.containerID.count == 64)
        let text = renamed.time.text
        #expect(text.split(separator: ".").map(\.count) == [10, 9])
    }

    @Test(
        arguments: [
            ("start", "", .started), ("die", "\"exitCode\":\"137\"", .ended(exitCode: 137)),
            ("die", "", .ended(exitCode: nil)),
            ("die", "\"exitCode\":\"x\"", .ended(exitCode: nil)),
            ("kill", "\"signal\":\"15\"", .signalled(isEnding: true)),
            ("kill", "\"signal\":\"1\"", .signalled(isEnding: false)),
            ("kill", "", .signalled(isEnding: false)), ("destroy", "", .removed),
            ("health_status: unhealthy", "", .healthChanged(to: .unhealthy)),
            ("pause", "", .paused), ("unpause", "", .resumed), ("", "", .other("")),
            ("exec_start: sh -c true", "", .other("exec_start")),
        ] as [(String, String, ContainerEvent.Kind)]
    )
    func dockersWordsForEventsAreDecoded(
        _ action: String,
        _ attributes: String,
        _ kind: ContainerEvent.Kind
    ) throws {
        let line =
            #"{"Type":"container","Action":"\#(action)","#
            + #""Actor":{"ID":"a","Attributes":{\#(attributes)}}}"#
        #expect(try #require(ContainerEvent(line: Array(line.utf8))).kind == kind)
    }

    @Test(arguments: Fixture.clients)
    func manifestsAreRead(_ client: String) throws {
        let one = Manifest.decode(Fixture(client: client, path: "output/manifest.txt").bytes)
        guard case .image(let layers) = one else {
            Issue.record("not an image")
            return
        }
        #expect(layers.count == 6)
        #expect(layers.allSatisfy { $0.digest.hasPrefix("sha256:") && $0.size > 0 })
        let several = Manifest.decode(
            Fixture(client: client, path: "output/manifest-list.txt").bytes
        )
        guard case .list(let list) = several else {
            Issue.record("not a list")
            return
        }
        #expect(list.digest(for: "linux/arm64") == list.entries[0].digest)
        #expect(list.digest(for: "linux/arm64/v8") == list.entries[0].digest)
        #expect(list.digest(for: "linux/aarch64") == list.entries[0].digest)
        #expect(list.digest(for: "linux/arm64/v9") == nil)
        #expect(list.digest(for: "linux/amd64") == nil)
        #expect(list.digest(for: "linux") == nil)
    }

    @Test(arguments: [
        "", "[]", "\n", "null\n", "{}\n{\"id\":1}\n", "garbage\u{0}\n", "{\"id\":\"a\"}",
    ])
    func whatIsNothingGivesNothing(_ text: String) {
        let bytes = Array(text.utf8)
        #expect(Container.decode(bytes).isEmpty)
        #expect(ContainerSummary.decode(bytes).isEmpty)
        #expect(Manifest.decode(bytes) == nil)
        #expect(ContainerEvent(line: bytes) == nil)
    }

    @Test func numbersOfAnySizeAreTaken() throws {
        func manifest(_ sizes: String...) -> Manifest? {
            let layers = sizes.map { #"{"digest":"sha256:a","size":\#($0)}"# }
            return Manifest.decode(Array(#"{"layers":[\#(layers.joined(separator: ","))]}"#.utf8))
        }
        guard case .image(let layers) = manifest("9223372036854775807", "1", "1e300", "-1", "-1e9")
        else {
            Issue.record("not an image")
            return
        }
        #expect(layers.map(\.size) == [.max, 1, .max])
        #expect(layers.totalSize == .max)
        var progress = PullProgress()
        progress.setManifest(layers)
        #expect(progress.snapshot.bytesTotal > 0)
        let many = [String](repeating: #"{"digest":"a","size":1}"#, count: 1025)
        #expect(Manifest.decode(Array("{\"layers\":[\(many.joined(separator: ","))]}".utf8)) == nil)

        let text = #"""
            {"id":"a","name":"b","image":"c","state":{"Status":"exited","ExitCode":1e300},\
            "restarts":-1e300,"memory":9223372036854775808,\
            "ports":{"99999/tcp":[],"80/tcp":[{"HostPort":"70000"}]}}
            """#.replacing("\\\n", with: "")
        let container = try #require(Container.decode(Array(text.utf8)).first)
        #expect(container.exitCode == .max && container.restartCount == .min)
        #expect(container.memoryLimit == .max && container.ports.isEmpty)

        for (time, nanoseconds) in [
            (#""time":9223372036854775807"#, Int64.max), (#""timeNano":-5"#, 0),
            (#""time":-9223372036854775808"#, 0), (#""timeNano":1e300"#, .max),
        ] {
            let line = #"{"Type":"container","Action":"die","Actor":{"ID":"a"},\#(time)}"#
            let event = try #require(ContainerEvent(line: Array(line.utf8)))
            #expect(event.time.nanoseconds == nanoseconds)
            #expect(event.time.text.split(separator: ".").last?.count == 9)
        }
    }

    @Test func theRecordingsWereMadeWithTheTemplatesInUse() throws {
        func template(_ name: String) throws -> String {
            try String(contentsOfFile: "\(Fixture.folder)/\(name).format", encoding: .utf8)
                .trimmingCharacters(in: .newlines)
        }
        #expect(
            DockerCommand.containerInspect([]).parameters[0]
                == "--format=\(try template("container"))"
        )
        #expect(
            DockerCommand.imageInspect("x").parameters[0] == "--format=\(try template("image"))"
        )
        #expect(
            DockerCommand.containersByLabel([("a", "b")]).parameters
                .contains("--format=\(try template("list"))")
        )
    }
}
