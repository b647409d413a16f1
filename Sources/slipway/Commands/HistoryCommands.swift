import Client
import Deployments
import Foundation
import Terminal

extension Command {
    static let list = Command(
        name: "list",
        summary: "lists deployments, newest first",
        options: [
            Option(
                name: "app",
                value: "NAME",
                help: "show only deployments of this app",
                hasVariable: false
            ),
            Option(
                name: "environment",
                value: "NAME",
                help: "show only deployments in this environment",
                hasVariable: false
            ),
            Option(
                name: "status",
                value: "STATUS",
                help: "show only deployments with this status: "
                    + DeploymentStatus.allCases.map(\.rawValue).joined(separator: ", "),
                hasVariable: false,
                completion: .words(DeploymentStatus.allCases.map(\.rawValue))
            ),
            Option(
                name: "limit",
                short: "n",
                value: "N",
                help: "show at most this many (20)",
                hasVariable: false
            ),
            ClientOptions.json, plain,
        ] + ClientOptions.table,
        run: { invocation in
            let values = invocation.values
            let client = try ClientOptions(values)
            let limit = try values.integer("limit", in: 1...10_000) ?? 20
            if let status = values.text("status"), DeploymentStatus(rawValue: status) == nil {
                let near = NearName.of(status, among: DeploymentStatus.allCases.map(\.rawValue))
                throw UsageError(
                    "--status \(status): there is no such status"
                        + (near.map { "; did you mean \($0)?" } ?? "")
                )
            }
            var query = ["app", "environment", "status"].compactMap { name in
                values.text(name).map { (name, $0) }
            }
            query.append(("limit", String(min(limit, 500))))
            var records: [JSONValue] = []
            var cursor: JSONValue?
            repeat {
                let place = cursor?.string.map { [("cursor", $0)] } ?? []
                let page = try await client.server.json(
                    "GET",
                    "/api/deployments",
                    query: query + place
                )
                let more = page["deployments"]?.elements ?? []
                records += more
                cursor = more.isEmpty ? nil : page["next_cursor"]
            } while records.count < limit && cursor?.string != nil
            let shown = Array(records.prefix(limit))
            if try values.flag("json") {
                let json: JSONValue = [
                    "deployments": .array(shown), "next_cursor": cursor ?? .null,
                ]
                Slipway.say(json.text)
                return .success
            }
            let screen = Screen(
                plain: try values.flag("plain"),
                environment: invocation.environment
            )
            guard !shown.isEmpty else {
                Slipway.complain(
                    "there are no deployments\(query.count > 1 ? " that match the filters" : "")."
                )
                return .success
            }
            await screen.update(
                table(screen).deployments(shown, width: screen.width, style: screen.style)
            )
            return .success
        }
    )

    static let show = Command(
        name: "show",
        arguments: "ID",
        summary: "shows everything about a deployment",
        options: [ClientOptions.json, plain] + ClientOptions.table,
        count: 1...1,
        run: { invocation in
            let client = try ClientOptions(invocation.values)
            let id = try await client.deployment(invocation.argument)
            let record = try await client.server.json("GET", "/api/deployments/\(id)")
            if try invocation.values.flag("json") {
                Slipway.say(record.text)
                return .success
            }
            let screen = Screen(
                plain: try invocation.values.flag("plain"),
                environment: invocation.environment
            )
            await screen.update(
                Details(now: .now(), style: screen.style, utcOffset: LocalTime.offset)
                    .lines(record, width: screen.width)
            )
            return .success
        }
    )

    static let apps = Command(
        name: "apps",
        summary: "lists each app in each environment, with its latest deployment and its live one",
        options: [ClientOptions.json, plain] + ClientOptions.table,
        run: { invocation in
            let client = try ClientOptions(invocation.values)
            let answer = try await client.server.json("GET", "/api/apps")
            if try invocation.values.flag("json") {
                Slipway.say(answer.text)
                return .success
            }
            let screen = Screen(
                plain: try invocation.values.flag("plain"),
                environment: invocation.environment
            )
            guard let apps = answer["apps"]?.elements, !apps.isEmpty else {
                Slipway.complain("nothing was deployed yet.")
                return .success
            }
            await screen.update(
                table(screen).apps(apps, width: screen.width, style: screen.style)
            )
            return .success
        }
    )

    /// Times are relative, such as `3 min ago`, on a terminal. Elsewhere the output may be kept, so they
    /// are absolute.
    private static func table(_ screen: Screen) -> HistoryTable {
        HistoryTable(
            now: .now(),
            times: screen.isTerminal ? .relative : .absolute,
            utcOffset: LocalTime.offset
        )
    }

    private static let plain = Option(
        name: "plain",
        help: "use no colours, and shorten nothing",
        hasVariable: false
    )
}
