import Deployments
import Foundation
import Testing

/// The logs of containers, on a real engine.
@Suite(.serialized) struct WorkloadLogTests {
    /// A request for a container that writes these lines by a script, then serves.
    private func writing(
        _ script: String,
        _ server: TestServer,
        _ app: String,
        _ more: [(String, JSONValue)] = []
    ) throws -> JSONValue {
        let program = "trap 'exit 0' TERM; \(script); httpd -f -p 3000 -h /payload & wait"
        return try request(
            server,
            app,
            [("command", .array(["/bin/sh", "-c", .string(program)]))] + more
        )
    }

    @Test func bothStreamsComeInTheirOrderAndTailCountsFromTheEnd() async throws {
        try await withServer { server, app in
            let id = try await deployed(
                server,
                try writing("echo one; echo two >&2; echo three", server, app)
            )
            let path = "/api/deployments/\(id)/logs"
            let all = try await server.request("GET", path)
            #expect(all.status == 200)
            #expect(all.headers["content-type"] == "text/plain; charset=utf-8")
            #expect(Set(all.body.split(separator: "\n")) == ["one", "two", "three"])
            #expect(try await server.request("GET", "\(path)?tail=0").body == "")
            let last = try await server.request("GET", "\(path)?tail=1&follow=false").body
            #expect(last.split(separator: "\n").count == 1)
            for query in ["tail=10001", "tail=-1", "tail=x", "follow=yes", "follow="] {
                let answer = try await server.request("GET", "\(path)?\(query)")
                #expect(answer.status == 400, "\(query)")
                let field = try answer.json["errors"]?.elements?.first?["field"]?.string
                #expect(query.hasPrefix("\(field ?? "-")="), "\(answer.body)")
            }
            // Of one that has stopped, too.
            try await TestEngine.docker("stop", try await container(app))
            #expect(try await server.request("GET", path).body == all.body)
            #expect(try await server.request("GET", "\(path)?follow=true").body == all.body)
        }
    }

    @Test func secretsAndBytesThatAreNoTextAreNotSent() async throws {
        try await withServer { server, app in
            let id = try await deployed(
                server,
                try writing(
                    #"echo "token $TOKEN"; printf 'a\377b\r\n'; printf "$TOKEN$TOKEN\n" >&2"#,
                    server,
                    app,
                    [("env_vars", ["TOKEN": "supersecret-value", "DOCKER_X": "other-secret"])]
                )
            )
            for accept in ["text/plain", "text/event-stream"] {
                let answer = try await server.request(
                    "GET",
                    "/api/deployments/\(id)/logs",
                    headers: ["Accept": accept]
                )
                #expect(answer.body.contains("token ***\n"), "\(answer.body)")
                #expect(answer.body.contains("******\n"))
                #expect(answer.body.contains("a\u{FFFD}b"))
                #expect(!answer.body.contains("supersecret"))
            }
        }
    }

    @Test func eventStreamHasABlockForEachLine() async throws {
        try await withServer { server, app in
            let id = try await deployed(
                server,
                try writing(#"printf 'one\n\ntwo\rhalf\r\nthree'"#, server, app)
            )
            let answer = try await server.request(
                "GET",
                "/api/deployments/\(id)/logs",
                headers: ["Accept": "text/event-stream"]
            )
            #expect(answer.headers["content-type"] == "text/event-stream")
            #expect(answer.body.hasPrefix("data: one\n\ndata: \n\ndata: two half\n\n"))
        }
    }

    @Test func followGoesOnUntilTheContainerStopsAndItsCommandEndsWithTheClient() async throws {
        try await withServer { server, app in
            let id = try await deployed(
                server,
                try writing(
                    "echo first; (until [ -e /tmp/go ]; do sleep 0.1; done; echo second) & true",
                    server,
                    app
                )
            )
            let container = try await container(app)
            let path = "/api/deployments/\(id)/logs?follow=true"
            async let followed = server.request("GET", path)
            async let streamed = server.request(
                "GET",
                path,
                headers: ["Accept": "text/event-stream"]
            )
            // This one's client leaves after the first line.
            let left = try await Command.run([
                "python3", "-c",
                "import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).readline())",
                "\(server.url)\(path)",
            ])
            #expect(left.status == 0 && left.output == "b'first\\n'\n", "\(left)")
            _ = try await eventually("two commands") {
                let logs = try await server.children().filter { $0.contains(" logs --follow") }
                return logs.count == 2 ? true : nil
            }
            try await TestEngine.docker("exec", container, "touch", "/tmp/go")
            _ = try await eventually("the second line") {
                try await TestEngine.docker("logs", container).contains("second") ? true : nil
            }
            try await TestEngine.docker("stop", container)
            #expect(try await followed.body == "first\nsecond\n")
            #expect(try await streamed.body == "data: first\n\ndata: second\n\n")
            _ = try await eventually("no commands") {
                try await server.children().isEmpty ? true : nil
            }
        }
    }

    @Test func logCanBeReadWhileItsDeploymentRuns() async throws {
        try await withServer { server, app in
            let id = try await server.submit(try request(server, app, image: "slow"))
            _ = try await server.reach("health_check", id)
            let log = try await eventually("a line") {
                let answer = try await server.request("GET", "/api/deployments/\(id)/logs")
                return answer.body.isEmpty ? nil : answer
            }
            #expect(log.status == 200 && log.body.hasPrefix("warming up\n"), "\(log.body)")
            #expect(try await server.events(id).last?.stage == "completed")
        }
    }

    @Test func largeLogComesWholeAndTheServerStaysSmall() async throws {
        try await withServer { server, app in
            let line = String(repeating: "x", count: 999)
            let id = try await deployed(
                server,
                try writing("yes \(line) | head -n 10000", server, app)
            )
            let answer = try await server.request("GET", "/api/deployments/\(id)/logs?tail=10000")
            #expect(answer.body.utf8.count == 10_000_000)
            let status = try String(
                contentsOfFile: "/proc/\(server.processID)/status",
                encoding: .utf8
            )
            let peak = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
            let kilobytes = peak?.split(separator: " ").compactMap { Int($0) }.first ?? .max
            #expect(kilobytes < 80_000, "\(kilobytes) kB")
        }
    }
}
