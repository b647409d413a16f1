import Deployments
import Foundation
import Glibc
import Testing

/// What of a folder arrives in the container, and what ends the deployment instead.
@Suite(.serialized) struct FolderTests {
    /// A date that docker's own archive readers take, beyond what eleven octal digits hold.
    @Test func namesAndDatesArrive() async throws {
        try await withServer { server, app in
            let folder = try server.app(app, ["index.html": "x", "far": "x"])
            let dates = [timespec(tv_sec: 0, tv_nsec: 0), timespec(tv_sec: 1 << 33, tv_nsec: 0)]
            #expect(unsafe utimensat(AT_FDCWD, "\(folder)/far", dates, 0) == 0)
            let name = Array("\(folder)/odd-".utf8) + [0xFF, 0]
            let made = unsafe name.withUnsafeBufferPointer { name in
                unsafe name.withMemoryRebound(to: CChar.self) { name in
                    unsafe name.baseAddress.map { unsafe creat($0, 0o600) } ?? -1
                }
            }
            try #require(made >= 0)
            close(made)
            let events = try await server.deploy(
                try request(server, app, [("script_folder", .string(folder))])
            )
            let result = try #require(events.last)
            try #require(result.stage == "completed", "\(result.block)")
            let script = """
                stat -c %Y /payload/\(app)/far
                cd /payload/\(app) && printf %s odd-* | od -An -tx1
                """
            let said = try await TestEngine.docker("exec", "fractalic-\(app)", "sh", "-c", script)
            #expect(said.hasPrefix("8589934592\n"))
            #expect(said.contains("6f 64 64 2d ff"), "\(said)")
        }
    }

    @Test(arguments: ["before_start", "after_start"])
    func filesThatTheEngineMountsOverAreNoSuccess(_ order: String) async throws {
        try await withServer { server, app in
            let folder = try server.app(app, ["hosts": "1.2.3.4 x\n", "motd": "x"])
            let events = try await server.deploy(
                try request(
                    server,
                    app,
                    [
                        ("script_folder", .string(folder)), ("copy", .string(order)),
                        ("container_path", "/etc"),
                    ]
                )
            )
            let final = try #require(events.last)
            #expect(final.failureCode == "copy_failed", "\(final.block)")
            #expect(final.data["failure"]?["message"]?.string?.contains("/etc/hosts") == true)
        }
    }

    @Test func aQueuedFolderThatBecomesALinkIsNotCopied() async throws {
        try await withServer(["--max-deployments", "1"]) { server, app in
            let outside = server.scratch.path("outside")
            try server.scratch.write("outside/secret.txt", "secret")
            // Holds the only slot until it is cancelled.
            let first = try await server.submit(
                try request(
                    server,
                    "\(app)-first",
                    [("ports", ["frontend": .integer(9999)])]
                )
            )
            _ = try await server.reach("health_check", first)
            let folder = try server.app(app, ["index.html": "x"])
            let second = try await server.submit(
                try request(server, app, [("script_folder", .string(folder))])
            )
            try FileManager.default.moveItem(atPath: folder, toPath: folder + "-away")
            try FileManager.default.createSymbolicLink(
                atPath: folder,
                withDestinationPath: outside
            )
            _ = try await server.request("POST", "/api/deployments/\(first)/cancel")
            let final = try #require(try await server.events(second).last)
            #expect(final.failureCode == "source_unreadable", "\(final.block)")
        }
    }
}
