import Client
import Deployments
import Sockets

extension Command {
    static let watch = Command(
        name: "watch",
        arguments: "[ID…]",
        summary: "follows deployments to their end or, without an id, everything that is deployed",
        details: """
            Every event is shown exactly once, from the first one on, even if the connection breaks. \
            Without an id, the deployments under way and all that begin later are followed, without \
            end unless --timeout is given. On a terminal, Ctrl-C asks whether to cancel the \
            deployments; elsewhere it ends the watch and leaves them running. The first four or more \
            characters of a recent deployment's id are enough.
            """,
        options: [
            Option(
                name: "app",
                value: "NAME",
                help: "without an id, watch only deployments of this app",
                hasVariable: false
            ),
            Option(
                name: "environment",
                value: "NAME",
                help: "without an id, watch only deployments in this environment",
                hasVariable: false
            ),
        ] + WatchOptions.table + ClientOptions.table,
        count: 0...50,
        run: { invocation in
            let values = invocation.values
            let client = try ClientOptions(values)
            let options = try WatchOptions(values, environment: invocation.environment)
            let filters = ["app", "environment"].compactMap { name in
                values.text(name).map { (name, $0) }
            }
            try EventLoop.start()
            let watching = await Watching(
                client,
                options,
                severalNames: values.arguments.count != 1,
                environment: invocation.environment
            )
            guard !values.arguments.isEmpty else { return await watching.followAll(filters) }
            if let filter = filters.first {
                throw UsageError("--\(filter.0) cannot be combined with an id")
            }
            var subjects: [WatchSubject] = []
            for text in values.arguments {
                let id = try await client.deployment(text)
                guard !subjects.contains(where: { $0.id == id }) else { continue }
                let record = try await client.server.json("GET", "/api/deployments/\(id)")
                guard let subject = WatchSubject(record) else {
                    throw ClientError.notUnderstood(
                        "the answer is not a deployment; is this a Slipway server?"
                    )
                }
                subjects.append(subject)
            }
            return await watching.follow(subjects)
        }
    )
}
