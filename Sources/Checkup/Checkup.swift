public import Client
internal import Deployments
public import Docker
public import HTTP

/// A look at an installation: what a server with these options would meet. Starts nothing, and
/// changes nothing.
public struct Checkup: Sendable {
    /// Why the server would refuse its options; nil if it would take them.
    public var optionFault: String?
    /// Nil if the options do not give a valid one.
    public var docker: DockerConfiguration?
    /// Nil if the options do not give a valid one.
    public var address: ListenAddress?
    /// Absolute.
    public var dataFolder: String
    /// As they were given.
    public var roots: [String]
    /// The file of the tokens.
    public var tokens: String?
    /// What is wrong with the content of such a file, in words; nil if nothing is.
    public var tokensFault: @Sendable ([UInt8]) -> String?
    /// The folder in which a service manager hands over secrets.
    public var credentials: String?
    /// Event streams that may be open at once.
    public var eventStreams: Int
    /// The server as others reach it, and the text that named it.
    public var url: (text: String, server: ServerConnection)?
    /// The folders in which programs are looked for; nil for the usual ones.
    public var path: String?
    /// The token to show to a server.
    public var token: String?

    /// What is looked at.
    public enum Extent: Sendable {
        /// All of it.
        case everything
        /// Whether the server answers and is ready, which is wrong where it does not.
        case runningServer
    }

    /// A look at the server of that data directory, with nothing else known.
    public init(dataFolder: String) {
        self.dataFolder = dataFolder
        roots = []
        tokensFault = { _ in nil }
        eventStreams = 0
    }

    /// Looks.
    public func findings(_ extent: Extent) async -> [Finding] {
        guard extent == .everything else {
            guard let address else { return [optionFinding] }
            let facts = await ServerFacts.look(address, token: token)
            return [facts.finding(mustRun: true, holder: nil)]
        }
        let user = UserFacts.look()
        let data = DataFacts.look(dataFolder)
        var engine: EngineFacts?
        if let docker { engine = await EngineFacts.look(docker) }
        var findings = [
            optionFinding, user.finding, DescriptorFacts.look(streams: eventStreams).finding,
            ClockFacts(now: .now(), lead: engine?.lead).finding,
        ]
        findings += data.findings(for: user)
        for root in roots {
            findings.append(await RootFacts.look(root, dataFolder: dataFolder).finding)
        }
        if let tokens {
            let facts = TokensFacts.look(tokens, credentials: credentials, fault: tokensFault)
            findings.append(facts.finding)
        }
        findings.append(ProgramsFacts.look(path: path).finding)
        if let engine {
            findings += engine.findings(for: user)
            let containers = ContainersFacts.look(engine.containers, dataFolder: dataFolder)
            if let containers { findings.append(containers.finding) }
        }
        if let address {
            let facts = await ServerFacts.look(address, token: token)
            findings.append(facts.finding(mustRun: false, holder: data.holder))
        }
        if let url {
            findings += await AddressFacts.look(url.text, url.server).findings
        }
        return findings
    }

    private var optionFinding: Finding {
        optionFault.map { .wrong(.options, Finding.sentence($0), "slipway help serve lists them.") }
            ?? .ok(.options, "A server takes them.")
    }
}
