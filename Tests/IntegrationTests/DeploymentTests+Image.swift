import Deployments
import Foundation
import Testing

// Which image a container is made of, where the registry has a newer one than the engine.
extension DeploymentTests {
    @Test func imageOfTheRegistryWinsOverTheOneThatIsHere() async throws {
        try await withServer { server, app in
            let image = try await newerInTheRegistry(app)
            let secret = "s3cret-\(UUID().uuidString)"
            let values: JSONValue = ["TOKEN": .string(secret), "HTTP_PROXY": .string(secret)]
            let events = try await server.deploy(
                try request(server, app, image: image, [("env_vars", values)])
            )
            checkStream(events)
            let final = try #require(events.last)
            #expect(final.stage == "completed", "\(final.block)")
            let endpoint = try #require(final.data["result"]?["endpoint_url"]?.string)
            #expect(try await get("\(endpoint)/version").hasPrefix("200 two"))
            let containers = try await TestEngine.containers(label: "slipway.app=\(app)")
            #expect(containers.count == 1, "the one made of the older image is gone")
            let inside = try await TestEngine.docker(
                "inspect",
                "-f",
                "{{.Config.Env}}",
                containers[0]
            )
            #expect(inside.contains("TOKEN=\(secret)") && inside.contains("HTTP_PROXY=\(secret)"))
            let found = try await Command.run(["grep", "-rlF", secret, server.scratch.folder])
            #expect(found.output == "", "\(found.output)")
            try await TestEngine.docker("rmi", "--force", image)
        }
    }

    @Test(arguments: [CopyOrder.afterStart, .beforeStart])
    func allThatPullANewerImageAtOnceRunIt(_ copy: CopyOrder) async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.write("docker", Self.dockerWithAnOrder)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755],
            ofItemAtPath: scratch.path("docker")
        )
        try await withServer(["--docker", scratch.path("docker")]) { server, app in
            let image = try await newerInTheRegistry(app)
            // Each writes the folder.
            let requests = try (0..<2).map { number in
                let more: [(String, JSONValue)] = [
                    ("container_name", .string("\(app)-\(number)")),
                    ("copy", .string(copy.rawValue)),
                    ("env_vars", ["NUMBER": .string("number \(number)")]),
                ]
                return try request(server, app, image: image, more)
            }
            var ids: [String] = []
            for request in requests { ids.append(try await server.submit(request)) }
            for (number, id) in ids.enumerated() {
                let events = try await server.events(id)
                checkStream(events, copy: copy)
                let final = try #require(events.last)
                #expect(final.stage == "completed", "\(final.block)")
                let endpoint = try #require(final.data["result"]?["endpoint_url"]?.string)
                #expect(try await get("\(endpoint)/version").hasPrefix("200 two"))
                #expect(try await get("\(endpoint)/\(app)/index.html") == "200 hello from \(app)")
                let values = try await TestEngine.docker(
                    "inspect",
                    "-f",
                    "{{.Config.Env}}",
                    "\(app)-\(number)"
                )
                #expect(values.contains("NUMBER=number \(number)"))
            }
            #expect(try await TestEngine.containers(label: "slipway.app=\(app)").count == 2)
            let late = FileManager.default.fileExists(atPath: scratch.path("late"))
            #expect(!late, "the order was not kept")
            try await TestEngine.docker("rmi", "--force", image)
        }
    }

    /// Both containers are created before one of the pulls brings the newer image; the other pull
    /// then finds nothing newer.
    private static let dockerWithAnOrder = #"""
        #!/bin/sh
        cd "$(dirname "$0")" || exit
        await() {
            for _ in $(seq 600); do
                [ -e "$1" ] && return
                sleep 0.05
            done
            : >late
            exit 1
        }
        case "$1 $2" in
            create*)
                docker "$@" || exit
                if ! mkdir creation 2>/dev/null; then : >created; fi
                ;;
            pull*)
                await created
                exec flock lock docker "$@"
                ;;
            *) exec docker "$@" ;;
        esac
        """#

    /// An image of which the registry has version two and the engine version one.
    private func newerInTheRegistry(_ name: String) async throws -> String {
        let image = try TestEngine.image(name)
        for version in ["web:2", "web:1"] {
            let fixture = try TestEngine.image(version)
            try await TestEngine.docker("pull", "--quiet", fixture)
            try await TestEngine.docker("tag", fixture, image)
            if version == "web:2" { try await TestEngine.docker("push", "--quiet", image) }
        }
        return image
    }
}
