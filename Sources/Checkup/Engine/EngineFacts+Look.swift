internal import Deployments
internal import Docker
internal import Engine
internal import Foundation
internal import Numbers
internal import Subprocess

extension EngineFacts {
    private static let patience = Duration.seconds(10)
    /// How many containers are asked for at once.
    private static let batch = 50

    /// Asks the docker command, and the engine by it.
    static func look(_ configuration: DockerConfiguration) async -> EngineFacts {
        let docker = Docker(configuration: configuration)
        var facts = EngineFacts(program: configuration.executable)
        facts.isVerified = !(configuration.environment["DOCKER_TLS_VERIFY"] ?? "").isEmpty
        let version = await docker.ask(.serverVersion())
        if case .notStarted(let reason) = version.outcome.termination {
            facts.notStarted = reason
            return facts
        }
        facts.clientVersion = version.json?["Client"]?["Version"]?.string
        facts.engineVersion = version.json?["Server"]?["Version"]?.string
        if !version.outcome.succeeded || facts.engineVersion == nil {
            facts.trouble = EngineFailure.classify(
                verb: "version",
                outcome: version.outcome,
                image: ""
            )
        }
        let context = await docker.ask(.currentContext())
        // Docker 20.10 gives a list.
        let endpoint = context.json?.elements?.first ?? context.json
        facts.context = endpoint?["Name"]?.string
        facts.host = endpoint?["Endpoints"]?["docker"]?["Host"]?.string
        if let host = facts.host, host.hasPrefix("unix://") {
            facts.socket = SocketFacts.look(String(host.dropFirst(7)))
        }
        guard facts.trouble == nil else { return facts }
        let info = await docker.ask(.engineInfo())
        facts.root = info.json?["DockerRootDir"]?.string
        facts.lead = info.json?["SystemTime"]?.string.flatMap(ClockFacts.moment)
            .map { $0.microseconds.subtractingSaturated(Timestamp.now().microseconds) }
        // Of another machine, the folder of that name here is another one.
        if let root = facts.root, facts.socket != nil { facts.disk = DiskFacts.look(root) }
        facts.containers = await labelled(docker)
        return facts
    }

    /// The containers that carry Slipway's labels, but for those that go meanwhile.
    private static func labelled(_ docker: Docker) async -> [ContainerClaim] {
        let list = await docker.ask(
            .containersByLabel([(name: Label.deployment, value: String?.none)])
        )
        var rest = ContainerSummary.decode(list.outcome.output).map(\.id)[...]
        var claims: [ContainerClaim] = []
        while !rest.isEmpty {
            let batch = Array(rest.prefix(batch))
            rest = rest.dropFirst(batch.count)
            let answer = await docker.ask(.containerInspect(batch))
            let found = Container.decode(answer.outcome.output)
            claims += found.map(\.claim)
            // An engine that does not answer is not asked again and again.
            if found.isEmpty { break }
        }
        return claims
    }

    private struct Answer {
        let outcome: CommandOutcome
        let json: JSONValue?
    }

    private struct Docker {
        let configuration: DockerConfiguration
        let runner = CommandRunner()

        func ask(_ command: DockerCommand) async -> Answer {
            var command = command
            command.deadline = patience
            let outcome = await runner.run(command.command(of: configuration))
            return Answer(outcome: outcome, json: try? JSONValue(parsing: outcome.output))
        }
    }
}
