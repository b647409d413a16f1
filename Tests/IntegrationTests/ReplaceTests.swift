import Deployments
import Foundation
import Testing

/// What becomes of the version that runs when the next one is deployed.
@Suite(.serialized) struct ReplaceTests {
    @Test func failedRedeployLeavesTheOldOneAnsweringAllTheTime() async throws {
        try await withServer { server, app in
            let old = try await server.deploy(try request(server, app, image: "web:1"))
            let result = try #require(old.last?.data["result"], "\(old.last?.block ?? "")")
            let endpoint = try #require(result["endpoint_url"]?.string)
            let flag = server.scratch.path("asking")
            try server.scratch.write("asking", "")
            // Asks without a pause until the file is gone; a failed request ends it with an error.
            async let asking = Command.run([
                "bash", "-c",
                """
                n=0; while [ -e "$1" ] && [ $n -lt 100000 ]; do
                  curl -fsS --max-time 60 -o /dev/null "$0/version" || exit 1; n=$((n + 1))
                done; echo $n
                """,
                endpoint, flag,
            ])
            for image in ["web:bad", "nocommand", "web:nosuch"] {
                let failed = try await server.deploy(try request(server, app, image: image))
                checkStream(failed)
                #expect(failed.last?.stage == "error", "\(failed.last?.block ?? "")")
            }
            try FileManager.default.removeItem(atPath: flag)
            let asked = try await asking
            #expect(asked.status == 0, "\(asked.errors)")
            #expect((Int(asked.output.split(separator: "\n").first ?? "") ?? 0) > 0)
            #expect(try await get("\(endpoint)/version").hasPrefix("200 one"))
            #expect(try await TestEngine.containers(label: "slipway.app=\(app)").count == 1)
        }
    }

    @Test func containerMadeByHandOfACopyIsLeftAlone() async throws {
        try await withServer { server, app in
            let ours = try await server.deploy(try request(server, app, image: "web:1"))
            let id = try #require(ours.last?.data["result"]?["deployment_id"]?.string)
            let (copy, name) = ("copy-\(app)", TestEngine.name("hand"))
            // The copy of the image carries the labels of ours.
            try await TestEngine.docker("commit", id, copy)
            try await TestEngine.docker("run", "--detach", "--name", name, copy)
            let next = try await server.deploy(
                try request(server, app, image: "web:1", [("container_name", .string(name))])
            )
            #expect(next.last?.data["failure"]?["code"] == "name_in_use")
            let state = try await TestEngine.docker("inspect", "--format={{.State.Running}}", name)
            #expect(state == "true\n")
            try await TestEngine.docker("rm", "-f", name)
            try await TestEngine.docker("rmi", "-f", copy)
        }
    }

    @Test func containerOfAnotherServerIsLeftAlone() async throws {
        try await withServer { one, app in
            let name = TestEngine.name("shared")
            let more: [(String, JSONValue)] = [("container_name", .string(name))]
            let first = try await one.deploy(try request(one, app, image: "web:1", more))
            #expect(first.last?.stage == "completed", "\(first.last?.block ?? "")")
            try await withServer { two, other in
                let second = try await two.deploy(try request(two, other, image: "web:2", more))
                #expect(second.last?.data["failure"]?["code"] == "name_in_use")
            }
            let endpoint = try #require(first.last?.data["result"]?["endpoint_url"]?.string)
            #expect(try await get("\(endpoint)/version").hasPrefix("200 one"))
        }
    }

    @Test func newVersionTakesOverNameAndLeavesOneContainer() async throws {
        try await withServer { server, app in
            let name = "c-\(app)"
            let more: [(String, JSONValue)] = [("container_name", .string(name))]
            let first = try await server.deploy(try request(server, app, image: "web:1", more))
            let second = try await server.deploy(try request(server, app, image: "web:2", more))
            checkStream(second)
            let result = try #require(second.last?.data["result"])
            #expect(second.last?.stage == "completed", "\(second.last?.block ?? "")")
            let endpoint = try #require(result["endpoint_url"]?.string)
            #expect(try await get("\(endpoint)/version").hasPrefix("200 two"))
            let replaced = try #require(result["metadata"]?["replaced"]?.string)
            let before = try #require(first.last?.data["result"]?["deployment_id"]?.string)
            #expect(replaced.hasPrefix(before))
            let names = try await TestEngine.docker(
                "ps",
                "-a",
                "--filter",
                "label=slipway.app=\(app)",
                "--format",
                "{{.Names}}"
            )
            #expect(names == "\(name)\n")
            let policy = try await TestEngine.docker(
                "inspect",
                "-f",
                "{{.HostConfig.RestartPolicy.Name}}",
                name
            )
            #expect(policy == "unless-stopped\n")
        }
    }

    @Test func fixedHostPortIsHandedOverAndGivenBackAfterAFailure() async throws {
        try await withServer { server, app in
            let port = OwnPorts.free()
            let ports: [(String, JSONValue)] = [
                ("ports", ["frontend": ["container": .integer(3000), "host": .integer(port)]])
            ]
            let first = try await server.deploy(try request(server, app, image: "web:1", ports))
            #expect(first.last?.stage == "completed", "\(first.last?.block ?? "")")
            #expect(try await get("http://127.0.0.1:\(port)/version").hasPrefix("200 one"))
            let failed = try await server.deploy(try request(server, app, image: "web:bad", ports))
            #expect(failed.last?.stage == "error")
            let undone = failed.last?.data["failure"]?["undone"]?.text ?? ""
            #expect(undone.contains("started again"), "\(undone)")
            #expect(try await get("http://127.0.0.1:\(port)/version").hasPrefix("200 one"))
            let second = try await server.deploy(try request(server, app, image: "web:2", ports))
            #expect(second.last?.stage == "completed", "\(second.last?.block ?? "")")
            #expect(try await get("http://127.0.0.1:\(port)/version").hasPrefix("200 two"))
            #expect(try await TestEngine.containers(label: "slipway.app=\(app)").count == 1)
        }
    }
}
