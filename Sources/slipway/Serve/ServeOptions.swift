import API
import Deployments
import Docker
import Executor
import Foundation
import HTTP
import Journal
import Sockets
import Webhooks
import Workloads

/// The options of `slipway serve`.
struct ServeOptions: Sendable {
    var address = ListenAddress.tcp(host: "127.0.0.1", port: 8000)
    var dataFolder = ""
    var docker = DockerConfiguration()
    var defaults = RequestDefaults()
    var executor = ExecutorOptions(privateFolder: "", roots: SourceRoots([]))
    var archives = ArchiveStore.Limits()
    var repositories = GitRepositories.Limits()
    var workloads = WorkloadOptions()
    var access = AccessOptions()
    /// The file with the tokens; nil if no token is required.
    var tokensFile: String?
    /// The file that says which pushes are deployed; nil if none are.
    var hooksFile: String?
    /// The folder in which a service manager provides secrets.
    var credentialsFolder: String?
    var limits = ServerLimits()
    var retention = Retention()
    var webhooks = WebhookOptions()
    var drain = Duration.seconds(30)
    var logFormat = ServerLog.Format.text

    // These are evaluated once all options are read.
    private var roots: [String] = []
    private var bindRoots: [String] = []
    private var logOptions: [String] = []
    private var dockerProgram = "docker"
    private var dockerHost: String?
    private var dockerContext: String?
    private var isForAll = false
    private var allowedHosts: [String] = []
    private var allowedOrigins: [String] = []
    private var webhookURLs: [String] = []
    private var webhookSecrets: [String] = []
    private var webhookAddresses: [String] = []

    /// The options of a server that was given none.
    static let usual = ServeOptions()

    private init() {}

    private static let settings: [ServeSetting] = [
        named("listen", "listen on this address, or on unix:PATH (127.0.0.1:8000)")
            .value("HOST:PORT") {
                $1.address = try ListenAddress(parsing: $0)
            },
        named("data", "keep the journal and all other files of the server in this folder")
            .text("DIR", \.dataFolder, tellsUsual: false),
        named("scripts-root", "deploy only folders below this one (the working directory)")
            .list("DIR", \.roots),
        named("bind-root", "let containers mount files and folders below this one")
            .list("DIR", \.bindRoots),
        named("docker", "run this docker command")
            .text("PATH", \.dockerProgram),
        named("docker-host", "use the engine at this address (DOCKER_HOST)")
            .optional("URL", \.dockerHost),
        named("docker-context", "use the engine of this docker context (DOCKER_CONTEXT)")
            .optional("NAME", \.dockerContext),
        named("publish-address", "publish ports on this address")
            .text("ADDRESS", \.executor.publishAddress),
        named("public-host", "use this host name in the URLs of deployments")
            .text("HOST", \.executor.publicHost),
        named("default-image", "use this image if a request names none")
            .text("IMAGE", \.defaults.image, tellsUsual: false),
        named("default-ports", "publish these ports if a request names none")
            .value("JSON") {
                $1.defaults.ports = try RequestDecoder.ports(
                    json: JSONValue(parsing: Array($0.utf8))
                )
            },
        named("container-prefix", "put this before the app's name in a container's name")
            .text("TEXT", \.defaults.containerPrefix),
        named(
            "log-option",
            "pass this option to the log driver of every container whose request has no logging "
                + "(max-size=10m and max-file=3)"
        ).list("NAME=VALUE", \.logOptions),
        named("keep-images", "keep this many images of an app in an environment; 0 keeps all")
            .number(\.executor.keptImages, 0...1000),
        named(
            "allow-privileged",
            "let requests of admins give containers devices, capabilities and other rights"
        ).flag(\.defaults.allowsPrivileges),
        named("max-deployments", "run at most this many deployments at once")
            .number(\.executor.maxDeployments, 1...1000),
        named("max-queued", "let at most this many deployments wait")
            .number(\.executor.maxQueued, 0...100_000),
        named("stall-timeout", "fail a pull or copy that makes no progress for this long")
            .seconds(\.executor.stallTimeout, 1...86_400),
        named("deployment-timeout", "fail a deployment that takes longer than this")
            .seconds(\.executor.deploymentTimeout, 1...604_800),
        named("probe-interval", "probe running containers at this interval")
            .seconds(\.workloads.probeInterval, 1...86_400),
        named("tokens", "require one of the tokens in this JSON file; it is read again on SIGHUP")
            .optional("FILE", \.tokensFile),
        named(
            "hooks",
            "deploy when a forge reports, by POST /api/hooks/NAME, a push to one of the repositories in "
                + "this JSON file"
        ).optional("FILE", \.hooksFile),
        named(
            "share-networks",
            "let containers use the network of the machine or of another container, even if "
                + "tokens are required"
        ).flag(\.access.sharesNetworks),
        named(
            "open-metrics",
            "answer /metrics and /readyz without a token; otherwise they require that of an admin"
        ).flag(\.access.opensMetrics),
        named(
            "allow-origin",
            "let pages of this origin use the server; null stands for local files"
        )
        .list("ORIGIN", \.allowedOrigins),
        named("allow-host", "also answer requests for this host name, as behind a proxy")
            .list("NAME", \.allowedHosts),
        named("max-archive-bytes", "refuse an archive of more bytes")
            .number(\.archives.archiveBytes, 1024...1_099_511_627_776),
        named("max-archive-files", "refuse an archive of more files and folders")
            .number(\.archives.archiveFiles, 1...10_000_000),
        named(
            "max-archive-store-bytes",
            "keep at most this many bytes of archives; the least recently used are removed"
        ).number(\.archives.allBytes, 1024...1_099_511_627_776_000),
        named(
            "max-git-cache-bytes",
            "keep at most this many bytes of fetched git repositories"
        ).number(\.repositories.mirrorBytes, 1024...1_099_511_627_776_000),
        named("max-streams", "keep at most this many event streams open")
            .number(\.limits.eventStreams, 1...1_000_000),
        named("max-streams-per-tenant", "keep at most this many event streams of a tenant open")
            .number(\.access.streamsPerTenant, 1...1_000_000),
        named("max-connections", "keep at most this many connections open, event streams included")
            .number(\.limits.connections, 1...1_000_000),
        named(
            "max-connections-per-address",
            "keep at most this many connections from one address open, not counting those "
                + "from this machine (half of --max-connections)"
        ).number(\.limits.connectionsPerAddress, 1...1_000_000),
        named("max-header-bytes", "refuse a request whose header has more bytes")
            .number(\.limits.headerBytes, 1024...1_048_576),
        named("max-body-bytes", "refuse a request whose body has more bytes")
            .number(\.limits.bodyBytes, 1024...67_108_864),
        named(
            "max-held-bytes",
            "hold at most this many bytes of all requests and answers under way"
        )
        .number(\.limits.heldBytes, 1_048_576...1_099_511_627_776),
        named("header-timeout", "disconnect a client whose request header takes longer")
            .seconds(\.limits.headerTimeout, 1...3600),
        named(
            "body-timeout",
            "disconnect a client that sends nothing of a body, or reads nothing of an answer, for this long"
        ).seconds(\.limits.bodyTimeout, 1...3600),
        named(
            "min-transfer-rate",
            "disconnect a client that transfers fewer bytes a second than this once "
                + "--body-timeout has passed"
        ).number(\.limits.leastBytesPerSecond, 1...1_000_000),
        named("idle-timeout", "keep an idle connection for this long")
            .seconds(\.limits.idleTimeout, 1...86_400),
        named("rate", "answer at most this many requests a second from one client")
            .number(\.access.requestsPerSecond, 1...1_000_000),
        named("burst", "answer at most this many requests from one client at once")
            .number(\.access.requestBurst, 1...1_000_000),
        named(
            "insecure-no-auth",
            "listen on an address other than loopback without tokens, open to everybody"
        ).flag(\.isForAll),
        named("keep", "keep at most this many ended deployments of an app in an environment")
            .number(\.retention.count, 1...1_000_000),
        named("keep-days", "forget a deployment this many days after its end")
            .number(\.retention.days, 1...36_500),
        named(
            "webhook",
            "send every change of stage to this address, signed as Standard Webhooks describes"
        ).list("URL", \.webhookURLs),
        named(
            "webhook-secret",
            "sign webhooks with this secret, which is safer in SLIPWAY_WEBHOOK_SECRET; with several "
                + "secrets, each one signs"
        ).list("whsec_TEXT", \.webhookSecrets),
        named(
            "webhook-allow-address",
            "let webhooks go to this link-local or cloud metadata address or network"
        ).list("ADDRESS", \.webhookAddresses),
        named("drain", "give running deployments this long to end on SIGTERM")
            .seconds(\.drain, 0...86_400),
        named("log-format", "write the log on standard error in this format (text)")
            .value("text|json") {
                guard let format = ServerLog.Format(rawValue: $0) else {
                    throw UsageError("--log-format must be text or json, not \($0)")
                }
                $1.logFormat = format
            },
    ]

    /// The options for the help text, in the order of their declaration.
    static let table = settings.map(\.option)

    private static func named(_ name: String, _ help: String) -> ServeSetting.Words {
        ServeSetting.Words(name: name, help: help)
    }

    init(_ values: OptionValues, environment: [String: String]) throws(UsageError) {
        for setting in Self.settings { try setting.apply(values, &self) }
        try decideWhoMayComeIn()
        credentialsFolder = environment["CREDENTIALS_DIRECTORY"]
        dataFolder = Self.dataFolder(values, environment)
        executor.privateFolder = "\(dataFolder)/private"
        executor.roots = SourceRoots(
            roots.isEmpty ? [FileManager.default.currentDirectoryPath] : roots
        )
        executor.bindRoots = SourceRoots(bindRoots, option: "--bind-root")
        executor.logOptions = try Self.logOptions(logOptions)
        workloads.publicHost = executor.publicHost
        guard dockerHost == nil || dockerContext == nil else {
            throw UsageError("--docker-host and --docker-context exclude each other")
        }
        docker = DockerConfiguration(
            executable: dockerProgram,
            endpoint: dockerHost.map { .host($0) } ?? dockerContext.map { .context($0) },
            // Neither docker nor its helpers need these variables, and some are secret.
            environment: environment.filter { !$0.key.hasPrefix("SLIPWAY_") }
        )
        do {
            webhooks = try WebhookOptions(
                urls: webhookURLs,
                secrets: webhookSecrets,
                allowed: webhookAddresses
            )
        } catch {
            throw UsageError("--\(error.option): \(error.message)")
        }
    }

    /// The options as a dictionary; without any, those that keep a log from filling the disk.
    private static func logOptions(_ texts: [String]) throws(UsageError) -> [String: String] {
        guard !texts.isEmpty else { return ["max-size": "10m", "max-file": "3"] }
        var options: [String: String] = [:]
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw UsageError("--log-option \(text): must be NAME=VALUE, as in max-size=10m")
            }
            options[String(parts[0])] = String(parts[1])
        }
        return options
    }

    private mutating func decideWhoMayComeIn() throws(UsageError) {
        tokensFile = tokensFile.map(Self.absolute)
        hooksFile = hooksFile.map(Self.absolute)
        guard tokensFile == nil || !isForAll else {
            throw UsageError("--tokens and --insecure-no-auth exclude each other")
        }
        if case .tcp(let host, _) = address, !Self.isLoopback(host), tokensFile == nil, !isForAll {
            throw UsageError(
                "--listen \(host): everybody who reaches that address could deploy."
                    + " Require tokens with --tokens, listen on 127.0.0.1, or give --insecure-no-auth"
            )
        }
        access.allowedHosts = Set(allowedHosts.map { $0.lowercased() })
        access.allowedOrigins = Set(allowedOrigins)
        guard !allowedOrigins.contains("*") else {
            throw UsageError("--allow-origin: name the origins; * would let every page deploy")
        }
    }

    /// Reads the token file; nil if no token is required.
    func tokens() throws(UsageError) -> [Token]? {
        guard let tokensFile else { return nil }
        do {
            return try TokenFile.read(tokensFile, privateFolder: credentialsFolder)
        } catch {
            throw UsageError("--tokens \(tokensFile): \(error)")
        }
    }

    /// Reads the file that says which pushes are deployed.
    func hooks() throws(UsageError) -> [Hook] {
        guard let hooksFile else { return [] }
        do throws(HookFile.Fault) {
            return try HookFile.read(
                hooksFile,
                privateFolder: credentialsFolder,
                decoder: RequestDecoder(defaults: defaults)
            )
        } catch {
            throw UsageError("--hooks \(hooksFile): \(error)")
        }
    }

    /// The data directory, also if other options are wrong.
    static func dataFolder(_ values: OptionValues, _ environment: [String: String]) -> String {
        absolute(values.text("data") ?? stateFolder(environment))
    }

    private static func isLoopback(_ host: String) -> Bool {
        // A host name that merely begins with `127.` may have any address.
        host == "localhost" || host == "::1"
            || (host.hasPrefix("127.") && IPAddress(literal: host) != nil)
    }

    private static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    }

    /// The folder for state of the XDG base directories; `/var/lib/slipway` for a user without a home.
    private static func stateFolder(_ environment: [String: String]) -> String {
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
            return "\(state)/slipway"
        }
        if let home = environment["HOME"], home.hasPrefix("/") {
            return "\(home)/.local/state/slipway"
        }
        return "/var/lib/slipway"
    }
}
