import Deployments
import Foundation
import Testing

/// What has been deployed, told later: lists, keys, and what is forgotten.
@Suite(.serialized) struct HistoryTests {
    /// A request that ends soon without success.
    private func failing(
        _ server: TestServer,
        _ app: String,
        _ more: [(String, JSONValue)] = []
    ) throws -> JSONValue {
        try request(server, app, image: "\(TestEngine.registry)/nothing-here:1", more)
    }

    private func ids(_ answer: TestServer.Answer) throws -> [String] {
        #expect(answer.status == 200, "\(answer.body)")
        return try answer.json["deployments"]?.elements?.compactMap { $0["id"]?.string } ?? []
    }

    @Test func listsTellTheNewestFirstAndDeletionTakesFromThem() async throws {
        try await withServer { server, app in
            let good = try await server.deploy(try request(server, app)).last?.data["deployment_id"]
            var failed: [String] = []
            for environment in ["default", "test", "default"] {
                let body = try failing(server, app, [("environment", .string(environment))])
                let events = try await server.deploy(body)
                #expect(events.last?.stage == "error")
                failed.append(events.last?.data["deployment_id"]?.string ?? "")
            }
            let live = try #require(good?.string)
            let all = Array(([live] + failed).reversed())
            func list(_ query: String = "") async throws -> TestServer.Answer {
                try await server.request("GET", "/api/deployments\(query)")
            }
            #expect(try ids(try await list()) == all)
            #expect(try ids(try await list("?app=\(app)&status=success")) == [live])
            #expect(try ids(try await list("?environment=test")) == [failed[1]])
            #expect(try ids(try await list("?app=other")) == [])
            let first = try await list("?limit=3")
            #expect(try ids(first) == Array(all.prefix(3)))
            let cursor = try #require(try first.json["next_cursor"]?.string)
            let second = try await list("?limit=3&cursor=\(cursor)")
            #expect(try ids(second) == [live])
            #expect(try second.json["next_cursor"]?.isNull == true)
            let row = try second.json["deployments"]?.elements?.first
            #expect(row == (try await server.record(live)))

            let apps = try await server.request("GET", "/api/apps").json["apps"]?.elements ?? []
            #expect(apps.map { $0["environment"]?.string } == ["default", "test"])
            #expect(apps.first?["latest"]?["id"]?.string == failed[2])
            #expect(apps.first?["live"]?["id"]?.string == live)
            #expect(apps.first?["counts"]?["failed"]?.integer == 2)
            #expect(apps.last?["live"]?.isNull == true)

            func delete(_ id: String) async throws -> Int {
                try await server.request("DELETE", "/api/deployments/\(id)").status
            }
            #expect(try await delete(live) == 409, "its container lives")
            #expect(try await delete(failed[0]) == 204)
            #expect(try await delete(failed[0]) == 404)
            #expect(try await delete(UUID().uuidString.lowercased()) == 404)
            #expect(try await delete("nonsense") == 404)
            let path = "/api/deployments/\(failed[0])/stream"
            #expect(try await server.request("GET", path).status == 404)
            #expect(try ids(try await list()) == all.filter { $0 != failed[0] })
        }
    }

    @Test func unfinishedDeploymentIsNotDeleted() async throws {
        try await withServer { server, app in
            let id = try await server.submit(try request(server, app, image: "sick"))
            let answer = try await server.request("DELETE", "/api/deployments/\(id)")
            #expect(answer.status == 409)
            #expect(answer.body.contains("cancel"))
            _ = try await server.request("POST", "/api/deployments/\(id)/cancel")
            _ = try await server.events(id)
            #expect(try await server.request("DELETE", "/api/deployments/\(id)").status == 204)
        }
    }

    @Test func queryThatMeansNothingIsRefusedByName() async throws {
        try await withServer { server, _ in
            let query = "?limit=0&status=fine&cursor=x&app=&colour=red&environment=a&environment=b"
            let answer = try await server.request("GET", "/api/deployments\(query)")
            #expect(answer.status == 400)
            let fields = try answer.json["errors"]?.elements?.compactMap { $0["field"]?.string }
            #expect(
                Set(fields ?? []) == ["limit", "status", "cursor", "app", "colour", "environment"]
            )
            #expect(try await server.request("GET", "/api/apps?app=a").status == 400)
            #expect(try await server.request("GET", "/api/deployments?limit=501").status == 400)
            #expect(try await server.request("GET", "/api/deployments?limit=500").status == 200)
        }
    }

    @Test func keyGivesTheSameDeploymentAgain() async throws {
        try await withServer { server, app in
            let key = ["Idempotency-Key": "key-\(app)"]
            let body = try failing(server, app)
            let faulty = try failing(server, app, [("script_folder", "/nowhere")])
            func post(
                _ body: JSONValue,
                _ path: String = "/api/deployments",
                on server: TestServer
            ) async throws -> TestServer.Answer {
                try await server.request("POST", path, body: body, headers: key)
            }
            let stream = "/api/deploy/docker-registry/stream"
            #expect(try await post(faulty, on: server).status == 400, "the key is not used up")
            let first = try await post(body, stream, on: server)
            #expect(first.status == 200)
            let events = try StreamEvent.parse(first.body)
            let id = try #require(events.last?.data["deployment_id"]?.string)

            let again = try await post(body, stream, on: server)
            #expect(try StreamEvent.parse(again.body) == events)
            let reversed = JSONValue.object((body.members ?? []).reversed())
            let record = try await post(reversed, on: server)
            #expect(record.status == 202)
            #expect(record.headers["location"] == "/api/deployments/\(id)")
            #expect(try record.json == (try await server.record(id)))

            let other = try await post(
                try failing(server, app, [("environment", "other")]),
                on: server
            )
            #expect(other.status == 409)
            #expect(try other.json["deployment_id"]?.string == id)

            #expect(await server.end() == 0)
            let restarted = try await TestServer(scratch: server.scratch)
            let later = try await post(body, stream, on: restarted)
            #expect(try StreamEvent.parse(later.body) == events)
            let deletion = try await restarted.request("DELETE", "/api/deployments/\(id)")
            #expect(deletion.status == 204)
            let anew = try await post(body, on: restarted)
            #expect(anew.status == 202)
            #expect(try anew.json["id"]?.string != id)
            await restarted.end()
        }
    }

    @Test func keyThatComesManyTimesAtOnceStartsOneDeployment() async throws {
        try await withServer { server, app in
            let body = try failing(server, app, [("on_conflict", "reject")])
            let answers = try await withThrowingTaskGroup(of: TestServer.Answer.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await server.request(
                            "POST",
                            "/api/deployments",
                            body: body,
                            headers: ["Idempotency-Key": "at-once"]
                        )
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.map(\.status) == Array(repeating: 202, count: 8))
            #expect(Set(try answers.map { try $0.json["id"]?.string }).count == 1)
        }
    }

    @Test(arguments: ["with blank", "é", String(repeating: "x", count: 256)])
    func keyThatIsNoneIsRefusedByName(_ key: String) async throws {
        try await withServer { server, app in
            let answer = try await server.request(
                "POST",
                "/api/deployments",
                body: try failing(server, app),
                headers: ["Idempotency-Key": key]
            )
            #expect(answer.status == 400)
            let field = try answer.json["errors"]?.elements?.first?["field"]?.string
            #expect(field == "Idempotency-Key")
            #expect(try ids(try await server.request("GET", "/api/deployments")) == [])
        }
    }

    @Test func surplusIsForgottenAtTheStart() async throws {
        try await withServer { server, app in
            var last: String?
            for _ in 0..<3 {
                let events = try await server.deploy(try failing(server, app))
                last = events.last?.data["deployment_id"]?.string
            }
            await server.end()
            let restarted = try await TestServer(["--keep", "1"], scratch: server.scratch)
            let left = try await eventually("two are forgotten") {
                let left = try ids(try await restarted.request("GET", "/api/deployments"))
                return left.count == 1 ? left.first : nil
            }
            #expect(left == last)
            await restarted.end()
        }
    }

    @Test(arguments: ["--keep", "--keep-days"])
    func keepingNothingIsRefused(_ option: String) async throws {
        let command = try await Command.run([TestServer.binary, "serve", option, "0"])
        #expect(command.status == 2)
        #expect(command.errors.contains(option))
    }

    @Test func readinessNamesWhatIsMissing() async throws {
        try await withServer { server, _ in
            let answer = try await server.request("GET", "/readyz")
            #expect(answer.status == 200)
            #expect(try answer.json["status"]?.string == "ok")
        }
        try await withServer(["--docker-host", "unix:///nowhere.sock"]) { server, _ in
            let answer = try await server.request("GET", "/readyz")
            #expect(answer.status == 503)
            #expect(try answer.json["store"]?["status"]?.string == "ok")
            #expect(try answer.json["engine"]?["message"]?.string?.isEmpty == false)
        }
    }

    /// A server whose data directory is a file system of its own, of 4 MiB.
    private func withSmallDisk(
        _ body: (TestServer, _ data: String) async throws -> Void
    ) async throws {
        let scratch = try Scratch()
        let data = scratch.path("data")
        try FileManager.default.createDirectory(
            atPath: data,
            withIntermediateDirectories: true
        )
        let mount = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", data]
        #expect(try await Command.run(mount).status == 0)
        var failure: (any Error)?
        do {
            let server = try await TestServer(scratch: scratch)
            do { try await body(server, data) } catch { failure = error }
            await server.end()
        } catch {
            failure = error
        }
        _ = try await Command.run(["umount", "-l", data])
        scratch.remove()
        if let failure { throw failure }
    }

    @Test func fullDiskIsToldAndHeals() async throws {
        try await withSmallDisk { server, data in
            let app = TestEngine.name("it")
            // Ends with an error of dd's: no space left.
            _ = try await Command.run(["dd", "if=/dev/zero", "of=\(data)/filler", "bs=4k"])
            let refused = try await eventually("the log is full as well") {
                let answer = try await server.request(
                    "POST",
                    "/api/deployments",
                    body: try failing(server, app)
                )
                return answer.status == 202 ? nil : answer
            }
            #expect(refused.status == 507)
            #expect(refused.body.contains("disk"))
            let unready = try await eventually("it is told") {
                let answer = try await server.request("GET", "/readyz")
                return answer.status == 503 ? answer : nil
            }
            #expect(try unready.json["store"]?["message"]?.string?.contains("full") == true)
            #expect(try unready.json["engine"]?["status"]?.string == "ok")
            try FileManager.default.removeItem(atPath: "\(data)/filler")
            _ = try await eventually("it heals") {
                try await server.request("GET", "/readyz").status == 200 ? true : nil
            }
            checkStream(try await server.deploy(try failing(server, app)))
            for id in try ids(try await server.request("GET", "/api/deployments")) {
                checkStream(try await server.events(id))
            }
        }
    }
}
