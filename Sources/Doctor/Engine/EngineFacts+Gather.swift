internal import Deployments
internal import Docker
internal import Engine
internal import Numbers
internal import Subprocess

extension EngineFacts {
    /// How long the engine may take to answer a question.
    private static let patience = Duration.seconds(10)
    /// How many containers one question is about.
    private static let batch = 50

    /// Asks the docker command, and the engine through it.
    static func gather(_ configuration: DockerConfiguration) async -> EngineFacts {
        let engine = DockerEngine(configuration, runner: CommandRunner())
        let inspection = await engine.inspection(within: patience)
        var facts = EngineFacts(program: configuration.executable)
        facts.isVerified = configuration.usesTLS
        facts.notStarted = inspection.startFailure
        facts.clientVersion = inspection.clientVersion
        facts.engineVersion = inspection.engineVersion
        facts.trouble = inspection.failure
        facts.context = inspection.context
        facts.host = inspection.address
        facts.socket = inspection.socket.map(SocketFacts.gather)
        facts.root = inspection.dataFolder
        if let time = inspection.time.flatMap(ClockFacts.moment),
            let now = inspection.timeOfAnswer
        {
            facts.lead = time.microseconds.subtractingSaturated(now.microseconds)
        }
        // On another machine, the folder of that name is not the one that is seen here.
        if let root = facts.root, facts.socket != nil { facts.disk = DiskFacts.gather(root) }
        if facts.notStarted == nil, facts.trouble == nil {
            facts.containers = await labelled(engine.working(on: EngineWork(limit: patience)))
        }
        return facts
    }

    /// The containers that carry Slipway's labels, without those that are removed meanwhile.
    private static func labelled(_ engine: any Engine) async -> [ContainerClaim] {
        // An engine that does not answer is not asked again and again.
        let list = try? await engine.containers(labelled: Label.deployment, nil)
        var rest = (list ?? []).map(\.id)[...]
        var claims: [ContainerClaim] = []
        while !rest.isEmpty {
            let batch = Array(rest.prefix(batch))
            rest = rest.dropFirst(batch.count)
            guard let found = try? await engine.containers(batch).found, !found.isEmpty else {
                break
            }
            claims += found.map(\.claim)
        }
        return claims
    }
}
