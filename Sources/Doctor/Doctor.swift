public import Client
internal import Deployments
public import Docker
public import HTTP

/// Checks everything that a server with these options depends on. It starts nothing and changes nothing.
public struct Doctor: Sendable {
    /// Why the server would refuse its options; nil if it would accept them.
    public var optionFault: String?
    /// The docker client and the engine; nil if the options do not give valid ones.
    public var docker: DockerConfiguration?
    /// The address that the server listens on; nil if the options do not give a valid one.
    public var address: ListenAddress?
    /// The absolute path of the data directory.
    public var dataFolder: String
    /// The folders below which everything that may be deployed lies, as they were given.
    public var roots: [String]
    /// The file with the tokens.
    public var tokens: String?
    /// Says what is wrong with the content of such a file; nil if nothing is.
    public var tokensFault: @Sendable ([UInt8]) -> String?
    /// The folder in which a service manager hands over secrets.
    public var credentials: String?
    /// How many event streams may be open at once.
    public var eventStreams: Int
    /// The server as others reach it, and the text that names it.
    public var url: (text: String, server: ServerConnection)?
    /// The folders in which programs are looked for, in the form of `PATH`; nil for the usual ones.
    public var path: String?
    /// The token that is sent to the server.
    public var token: String?

    /// How much is checked.
    public enum Extent: Sendable {
        /// Everything.
        case everything
        /// Only the server. It is wrong if it does not answer or is not ready.
        case runningServer
    }

    /// A check of the server with this data directory. Nothing else is known yet.
    public init(dataFolder: String) {
        self.dataFolder = dataFolder
        roots = []
        tokensFault = { _ in nil }
        eventStreams = 0
    }

    /// Makes the checks.
    public func findings(_ extent: Extent) async -> [Finding] {
        guard extent == .everything else {
            guard let address else { return [optionFinding] }
            let facts = await ServerFacts.gather(address, token: token)
            return [facts.finding(mustRun: true, holder: nil)]
        }
        let user = UserFacts.gather()
        let data = DataFacts.gather(dataFolder)
        var engine: EngineFacts?
        if let docker { engine = await EngineFacts.gather(docker) }
        var findings = [
            optionFinding, user.finding, DescriptorFacts.gather(streams: eventStreams).finding,
            ClockFacts(now: .now(), lead: engine?.lead).finding,
        ]
        findings += data.findings(for: user)
        for root in roots {
            findings.append(await RootFacts.gather(root, dataFolder: dataFolder).finding)
        }
        if let tokens {
            let facts = TokensFacts.gather(tokens, credentials: credentials, fault: tokensFault)
            findings.append(facts.finding)
        }
        findings.append(ProgramsFacts.gather(path: path).finding)
        if let engine {
            findings += engine.findings(for: user)
            let containers = ContainersFacts.gather(engine.containers, dataFolder: dataFolder)
            if let containers { findings.append(containers.finding) }
        }
        if let address {
            let facts = await ServerFacts.gather(address, token: token)
            findings.append(facts.finding(mustRun: false, holder: data.holder))
        }
        if let url {
            findings += await AddressFacts.gather(url.text, url.server).findings
        }
        return findings
    }

    private var optionFinding: Finding {
        optionFault.map { .wrong(.options, Finding.sentence($0), "slipway help serve lists them.") }
            ?? .ok(.options, "A server accepts them.")
    }
}
