import Deployments
import Foundation
import Testing

/// What a failure tells of the container's own words.
@Suite(.serialized) struct LogTailTests {
    private func fail(
        _ server: TestServer,
        _ app: String,
        _ script: String,
        _ more: [(String, JSONValue)] = []
    ) async throws -> JSONValue {
        let events = try await server.deploy(
            try request(server, app, [("command", .strings(["sh", "-c", script]))] + more)
        )
        let failure = try #require(events.last?.data["failure"], "\(events.last?.block ?? "")")
        #expect(
            failure["code"]?.string == "container_exited" && failure["exit_code"] == .integer(3)
        )
        return failure
    }

    private func tail(_ failure: JSONValue) -> [String] {
        failure["container_log_tail"]?.elements?.compactMap(\.string) ?? []
    }

    @Test func longLineOnOneStreamNeverHidesTheLastWordsOnTheOther() async throws {
        try await withServer { server, app in
            let long = #"head -c 40000 /dev/zero | tr '\0' x"#
            for round in 0..<8 {
                let script =
                    round % 2 == 0
                    ? "\(long); echo; echo 'the real cause' >&2; exit 3"
                    : "echo 'the real cause' >&2; \(long); \(long); \(long); exit 3"
                let told = tail(try await fail(server, app, script))
                #expect(told.contains("the real cause"), "round \(round): \(told)")
                #expect(told.contains { $0.hasPrefix("xxx") }, "round \(round)")
            }
            let many = "i=0; while [ $i -lt 60 ]; do echo $i; i=$((i + 1)); done"
            let told = tail(try await fail(server, app, "echo cause >&2; \(many); exit 3"))
            #expect(told.contains("cause") && told.contains("59") && told.count == 20, "\(told)")
        }
    }

    @Test func logThatNobodyKeepsIsNotedAndNoneOfTheContainersWords() async throws {
        try await withServer { server, app in
            let silent = ("logging", ["driver": "none"] as JSONValue)
            let failure = try await fail(server, app, "echo last words; exit 3", [silent])
            #expect(tail(failure).isEmpty)
            let note = failure["container_log_note"]?.string ?? ""
            #expect(note.contains("log driver keeps none"), "\(note)")

            let events = try await server.deploy(try request(server, app, [silent]))
            #expect(events.last?.stage == "completed", "\(events.last?.block ?? "")")
            let id = try #require(events.last?.data["deployment_id"]?.string)
            for query in ["", "?follow=true"] {
                let answer = try await server.request("GET", "/api/deployments/\(id)/logs\(query)")
                #expect(answer.status == 409, "\(answer.body)")
                #expect(try answer.json["detail"]?.string?.contains("log driver") == true)
            }
        }
    }
}
