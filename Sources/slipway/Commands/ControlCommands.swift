import Client
import Deployments
import Terminal

extension Command {
    static let cancel = Command(
        name: "cancel",
        arguments: "ID…",
        summary: "cancels deployments that have not ended, and undoes what they have made",
        options: [ClientOptions.json] + ClientOptions.table,
        count: 1...50,
        run: { invocation in
            try await control(invocation, "cancel", body: nil) {
                "Deployment \($0) of \($1) is being cancelled."
            }
        }
    )

    static let stop = Command(
        name: "stop",
        arguments: "ID…",
        summary: "stops the containers of deployments",
        options: [
            Option(
                name: "grace",
                value: "SECONDS",
                help:
                    "kill the program after this many seconds (stop_grace_period of the request, "
                    + "or 10)",
                hasVariable: false
            ), ClientOptions.json,
        ] + ClientOptions.table,
        count: 1...50,
        run: { invocation in
            let grace = try invocation.values.integer("grace", in: 0...3600)
            let body = grace.map { ["timeout_seconds": .integer($0)] as JSONValue }
            return try await control(invocation, "stop", body: body) {
                "The container of deployment \($0) of \($1) is being stopped."
            }
        }
    )

    static let start = Command(
        name: "start",
        arguments: "ID…",
        summary: "starts stopped containers of deployments again",
        options: [ClientOptions.json] + ClientOptions.table,
        count: 1...50,
        run: { invocation in
            try await control(invocation, "start", body: nil) {
                "The container of deployment \($0) of \($1) is being started."
            }
        }
    )

    /// Requests the action for each deployment, also if it is refused for others.
    private static func control(
        _ invocation: Invocation,
        _ action: String,
        body: JSONValue?,
        _ sentence: (String, String) -> String
    ) async throws -> ExitStatus {
        let client = try ClientOptions(invocation.values)
        let isJSON = try invocation.values.flag("json")
        var status = ExitStatus.success
        for text in invocation.values.arguments {
            let id: DeploymentID
            do {
                id = try await client.deployment(text)
            } catch let error as UsageError {
                Slipway.complain(error.message)
                status = .usage
                continue
            }
            do throws(ClientError) {
                let path = "/api/deployments/\(id)/\(action)"
                let record = try await client.server.json("POST", path, body: body)
                Slipway.say(
                    isJSON
                        ? record.text : sentence(id.text, printable(record["app"]?.string ?? "?"))
                )
            } catch {
                guard case .refused(let problem) = error else { throw error }
                Slipway.complain("\(id): \(problem)")
                if status == .success { status = .refused }
            }
        }
        return status
    }

    static let logs = Command(
        name: "logs",
        arguments: "ID",
        summary: "shows what the container of a deployment has written",
        options: [
            Option(
                name: "follow",
                short: "f",
                help: "also show what the container writes from now on",
                hasVariable: false
            ),
            Option(
                name: "tail",
                short: "n",
                value: "N",
                help: "begin with this many of the last lines (200)",
                hasVariable: false
            ),
        ] + ClientOptions.table,
        count: 1...1,
        run: { invocation in
            let client = try ClientOptions(invocation.values)
            let follows = try invocation.values.flag("follow")
            let tail = try invocation.values.integer("tail", in: 0...10_000) ?? 200
            let id = try await client.deployment(invocation.argument)
            let screen = Screen(plain: true, environment: invocation.environment)
            try await client.server.content(
                "/api/deployments/\(id)/logs",
                query: [("tail", String(tail)), ("follow", follows ? "true" : "false")],
                // A program may be silent for as long as it likes.
                silence: follows ? .seconds(86_400) : .seconds(60)
            ) { await screen.write($0) }
            return .success
        }
    )
}
