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

/// What `slipway serve` was asked to be.
struct ServeOptions: Sendable {
    var address: ListenAddress
    var dataFolder: String
    var roots: SourceRoots
    var docker: DockerConfiguration
    var defaults: RequestDefaults
    var executor: ExecutorOptions
    var workloads: WorkloadOptions
    var access: AccessOptions
    /// The file of the tokens that let in; nil if everybody may come in.
    var tokensFile: String?
    /// Where a service manager hands over secrets.
    var credentialsFolder: String?
    var limits: ServerLimits
    var retention: Retention
    var webhooks: WebhookOptions
    var drain: Duration
    var logFormat: ServerLog.Format

    static let usualAddress = "127.0.0.1:8000"

    static let table: [Option] = [
        Option(
            name: "listen",
            value: "HOST:PORT",
            help: "listen on this address, or on unix:PATH (127.0.0.1:8000)"
        ),
        Option(name: "data", value: "DIR", help: "keep the journal in this folder"),
        Option(
            name: "scripts-root",
            value: "DIR",
            help: "deploy only what lies below this folder (the working directory)",
            isRepeatable: true
        ),
        Option(name: "docker", value: "PATH", help: "run this docker command (docker)"),
        Option(
            name: "docker-host",
            value: "URL",
            help: "use the engine at this address (DOCKER_HOST)"
        ),
        Option(
            name: "docker-context",
            value: "NAME",
            help: "use the engine of this docker context (DOCKER_CONTEXT)"
        ),
        Option(
            name: "publish-address",
            value: "ADDRESS",
            help: "publish ports on this address (127.0.0.1)"
        ),
        Option(name: "public-host", value: "HOST", help: "name this host in URLs (localhost)"),
        Option(
            name: "default-image",
            value: "IMAGE",
            help: "use this image if a request names none"
        ),
        Option(
            name: "default-ports",
            value: "JSON",
            help: "publish these ports if a request names none"
        ),
        Option(
            name: "container-prefix",
            value: "TEXT",
            help: "put this before the app's name in a container's name (fractalic-)"
        ),
        Option(
            name: "max-deployments",
            value: "N",
            help: "run at most this many deployments at once (4)"
        ),
        Option(
            name: "max-queued",
            value: "N",
            help: "let at most this many deployments wait (100)"
        ),
        Option(
            name: "stall-timeout",
            value: "SECONDS",
            help: "fail a pull or copy that has not moved for this long (120)"
        ),
        Option(
            name: "deployment-timeout",
            value: "SECONDS",
            help: "fail a deployment that takes longer than this (1800)"
        ),
        Option(
            name: "probe-interval",
            value: "SECONDS",
            help: "probe running containers this often (10)"
        ),
        Option(
            name: "tokens",
            value: "FILE",
            help: "let in the tokens that this JSON file lists; it is read again on SIGHUP"
        ),
        Option(
            name: "share-networks",
            help: "let containers use the network of the machine or of another container,"
                + " also if tokens are required"
        ),
        Option(
            name: "open-metrics",
            help: "answer /metrics and /readyz without a token; otherwise they need an admin's"
        ),
        Option(
            name: "allow-origin",
            value: "ORIGIN",
            help: "let pages of this origin use the server; null stands for files",
            isRepeatable: true
        ),
        Option(
            name: "allow-host",
            value: "NAME",
            help: "answer to this name too, as behind a proxy",
            isRepeatable: true
        ),
        Option(
            name: "max-streams",
            value: "N",
            help: "keep at most this many event streams open (10000)"
        ),
        Option(
            name: "max-streams-per-tenant",
            value: "N",
            help: "keep at most this many event streams of a tenant open (1000)"
        ),
        Option(
            name: "max-connections",
            value: "N",
            help: "keep at most this many connections open, event streams included (20000)"
        ),
        Option(
            name: "max-connections-per-address",
            value: "N",
            help: "keep at most this many connections of one address open, not counting"
                + " this machine's own (half of --max-connections)"
        ),
        Option(
            name: "max-header-bytes",
            value: "N",
            help: "refuse a request whose header is longer (16384)"
        ),
        Option(
            name: "max-body-bytes",
            value: "N",
            help: "refuse a request whose body is longer (1048576)"
        ),
        Option(
            name: "max-held-bytes",
            value: "N",
            help: "hold at most this much of all requests and answers under way (268435456)"
        ),
        Option(
            name: "header-timeout",
            value: "SECONDS",
            help: "cut off a client whose request header takes longer (10)"
        ),
        Option(
            name: "body-timeout",
            value: "SECONDS",
            help: "cut off a client whose body does not move, or that takes no answer, for"
                + " this long (30)"
        ),
        Option(
            name: "min-transfer-rate",
            value: "N",
            help: "cut off a client that is slower than this many bytes a second once"
                + " --body-timeout has passed (1000)"
        ),
        Option(
            name: "idle-timeout",
            value: "SECONDS",
            help: "keep an idle connection for this long (75)"
        ),
        Option(
            name: "rate",
            value: "N",
            help: "answer at most this many requests a second of one client (100)"
        ),
        Option(
            name: "burst",
            value: "N",
            help: "answer at most this many requests of one client at once (200)"
        ),
        Option(
            name: "insecure-no-auth",
            help: "listen on an address other than loopback without tokens, open to everybody"
        ),
        Option(
            name: "keep",
            value: "N",
            help: "keep this many ended deployments of an app in an environment (1000)"
        ),
        Option(
            name: "keep-days",
            value: "N",
            help: "forget a deployment this many days after its end (90)"
        ),
        Option(
            name: "webhook",
            value: "URL",
            help: "send every change of stage to this address, signed as Standard Webhooks"
                + " describe",
            isRepeatable: true
        ),
        Option(
            name: "webhook-secret",
            value: "whsec_TEXT",
            help: "sign webhooks with this secret, which is safer in the environment; with"
                + " several, each signs",
            isRepeatable: true
        ),
        Option(
            name: "webhook-allow-address",
            value: "ADDRESS",
            help: "let webhooks go to this link-local or cloud metadata address or network",
            isRepeatable: true
        ),
        Option(
            name: "drain",
            value: "SECONDS",
            help: "give running deployments this long to end at SIGTERM (30)"
        ),
        Option(
            name: "log-format",
            value: "text|json",
            help: "write the log on standard error in this format (text)"
        ),
    ]

    init(_ values: OptionValues, environment: [String: String]) throws(UsageError) {
        do {
            address = try ListenAddress(parsing: values.text("listen") ?? Self.usualAddress)
        } catch {
            throw UsageError("--listen: \(error)")
        }
        tokensFile = values.text("tokens").map(Self.absolute)
        let isForAll = try values.flag("insecure-no-auth")
        credentialsFolder = environment["CREDENTIALS_DIRECTORY"]
        guard tokensFile == nil || !isForAll else {
            throw UsageError("--tokens and --insecure-no-auth exclude each other")
        }
        if case .tcp(let host, _) = address, !Self.isLoopback(host), tokensFile == nil, !isForAll {
            throw UsageError(
                "--listen \(host): everybody who reaches that address could deploy."
                    + " Name who may with --tokens, listen on 127.0.0.1, or say --insecure-no-auth"
            )
        }
        dataFolder = Self.dataFolder(values, environment)
        let roots = values.texts("scripts-root")
        self.roots = SourceRoots(
            roots.isEmpty ? [FileManager.default.currentDirectoryPath] : roots
        )
        if values.text("docker-host") != nil, values.text("docker-context") != nil {
            throw UsageError("--docker-host and --docker-context exclude each other")
        }
        do {
            docker = try DockerConfiguration(
                executable: values.text("docker") ?? "docker",
                host: values.text("docker-host"),
                context: values.text("docker-context"),
                // Neither docker nor what docker calls has any use for them, and some are secret.
                environment: environment.filter { !$0.key.hasPrefix("SLIPWAY_") }
            )
        } catch {
            throw UsageError("--docker: \(error)")
        }
        executor = ExecutorOptions(privateFolder: "\(dataFolder)/private", roots: self.roots)
        try Self.set(&executor.maxDeployments, values.integer("max-deployments", in: 1...1000))
        try Self.set(&executor.maxQueued, values.integer("max-queued", in: 0...100_000))
        executor.stallTimeout = .seconds(
            try values.integer("stall-timeout", in: 1...86_400) ?? 120
        )
        executor.deploymentTimeout = .seconds(
            try values.integer("deployment-timeout", in: 1...604_800) ?? 1800
        )
        executor.publishAddress = values.text("publish-address") ?? executor.publishAddress
        executor.publicHost = values.text("public-host") ?? executor.publicHost
        workloads = WorkloadOptions()
        workloads.publicHost = executor.publicHost
        workloads.probeInterval = .seconds(
            try values.integer("probe-interval", in: 1...86_400) ?? 10
        )
        defaults = RequestDefaults()
        if let image = values.text("default-image") { defaults.image = image }
        if let prefix = values.text("container-prefix") { defaults.containerPrefix = prefix }
        if let ports = values.text("default-ports") {
            do {
                defaults.ports = try RequestDecoder.ports(
                    json: JSONValue(parsing: Array(ports.utf8))
                )
            } catch {
                throw UsageError("--default-ports: \(error)")
            }
        }
        access = AccessOptions()
        access.allowedOrigins = Set(values.texts("allow-origin"))
        if access.allowedOrigins.contains("*") {
            throw UsageError("--allow-origin: name the origins; * would let every page deploy")
        }
        access.opensMetrics = try values.flag("open-metrics")
        access.sharesNetworks = try values.flag("share-networks")
        access.allowedHosts = Set(values.texts("allow-host").map { $0.lowercased() })
        access.requestsPerSecond = Double(try values.integer("rate", in: 1...1_000_000) ?? 100)
        access.requestBurst = Double(try values.integer("burst", in: 1...1_000_000) ?? 200)
        try Self.set(
            &access.streamsPerTenant,
            values.integer("max-streams-per-tenant", in: 1...1_000_000)
        )
        limits = try Self.limits(values)
        retention = Retention()
        try Self.set(&retention.count, values.integer("keep", in: 1...1_000_000))
        try Self.set(&retention.days, values.integer("keep-days", in: 1...36_500))
        do {
            webhooks = try WebhookOptions(
                urls: values.texts("webhook"),
                secrets: values.texts("webhook-secret"),
                allowed: values.texts("webhook-allow-address")
            )
        } catch {
            throw UsageError("--\(error.option): \(error.message)")
        }
        drain = .seconds(try values.integer("drain", in: 0...86_400) ?? 30)
        switch values.text("log-format") {
        case nil, "text": logFormat = .text
        case "json": logFormat = .json
        case .some(let other): throw UsageError("--log-format must be text or json, not \(other)")
        }
    }

    /// The tokens that let in, read anew; nil if everybody may come in.
    func tokens() throws(UsageError) -> [Token]? {
        guard let tokensFile else { return nil }
        do {
            return try TokenFile.read(tokensFile, privateFolder: credentialsFolder)
        } catch {
            throw UsageError("--tokens \(tokensFile): \(error)")
        }
    }

    /// The data directory, whatever else is wrong with the options.
    static func dataFolder(_ values: OptionValues, _ environment: [String: String]) -> String {
        absolute(values.text("data") ?? stateFolder(environment))
    }

    private static func limits(_ values: OptionValues) throws(UsageError) -> ServerLimits {
        var limits = ServerLimits()
        try set(&limits.eventStreams, values.integer("max-streams", in: 1...1_000_000))
        try set(&limits.connections, values.integer("max-connections", in: 1...1_000_000))
        limits.connectionsPerAddress = try values.integer(
            "max-connections-per-address",
            in: 1...1_000_000
        )
        try set(&limits.headerBytes, values.integer("max-header-bytes", in: 1024...1_048_576))
        try set(&limits.bodyBytes, values.integer("max-body-bytes", in: 1024...67_108_864))
        try set(
            &limits.heldBytes,
            values.integer("max-held-bytes", in: 1_048_576...1_099_511_627_776)
        )
        limits.headerTimeout = .seconds(try values.integer("header-timeout", in: 1...3600) ?? 10)
        limits.bodyTimeout = .seconds(try values.integer("body-timeout", in: 1...3600) ?? 30)
        try set(
            &limits.leastBytesPerSecond,
            values.integer("min-transfer-rate", in: 1...1_000_000)
        )
        limits.idleTimeout = .seconds(try values.integer("idle-timeout", in: 1...86_400) ?? 75)
        return limits
    }

    private static func set(_ place: inout Int, _ value: Int?) {
        if let value { place = value }
    }

    private static func isLoopback(_ host: String) -> Bool {
        // A name that only begins like an address may lead anywhere.
        host == "localhost" || host == "::1"
            || (host.hasPrefix("127.") && IPAddress(literal: host) != nil)
    }

    private static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    }

    /// The XDG base directory for state; the system's for a user without a home.
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
