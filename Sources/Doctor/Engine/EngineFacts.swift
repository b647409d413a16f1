internal import Deployments
internal import Docker
internal import Engine

/// The docker command, and the engine that it reaches.
struct EngineFacts: Sendable {
    /// The program's path as it was found, or what was given.
    var program: String
    /// Why the program cannot be run; nil if it can.
    var notStarted: String?
    var clientVersion: String?
    var engineVersion: String?
    /// The engine's address: `unix:///var/run/docker.sock`.
    var host: String?
    /// The name of the docker context.
    var context: String?
    /// Whether the client encrypts the connection itself.
    var isVerified = false
    /// Why the engine does not answer; nil if it does.
    var trouble: EngineFailure?
    /// The engine's socket; nil if it has none on this machine.
    var socket: SocketFacts?
    /// The folder in which the engine keeps images and containers.
    var root: String?
    /// The file system of that folder; nil if it cannot be seen from here.
    var disk: DiskFacts?
    /// The containers that carry Slipway's labels.
    var containers: [ContainerClaim] = []
    /// By how many microseconds the engine's clock is ahead of this machine's; nil if it is unknown.
    var lead: Int64?

    /// The findings about the command, the engine and its disk.
    func findings(for user: UserFacts) -> [Finding] {
        let command = self.command
        guard command.verdict != .wrong else { return [command] }
        return [command, engine(user), room].compactMap(\.self)
    }

    private var command: Finding {
        if let notStarted {
            return .wrong(
                .docker,
                Finding.sentence("There is no docker command: \(notStarted)"),
                "Install the docker client, or name it with --docker."
            )
        }
        guard let clientVersion else {
            // If the context does not exist, the client does not even give its own version.
            if trouble?.code == .dockerUnavailable { return .ok(.docker, "\(program).") }
            return .wrong(
                .docker,
                "\(program) does not report a version as docker does.",
                "Name the docker client with --docker."
            )
        }
        return Self.aged(.docker, "\(program), version \(clientVersion)", clientVersion)
    }

    private func engine(_ user: UserFacts) -> Finding {
        let place = [host, context.map { "context \($0)" }].compactMap(\.self)
            .joined(separator: ", ")
        if let trouble {
            if let socket, !socket.isUsable {
                let words = socket.trouble(for: user)
                return .wrong(.engine, words.message, words.advice)
            }
            return .wrong(
                .engine,
                place.isEmpty ? trouble.message : "\(trouble.message.dropLast()) (\(place)).",
                trouble.hint
            )
        }
        guard let engineVersion else {
            return .wrong(
                .engine,
                "What answers at \(place) does not report a version as an engine does.",
                "See that --docker-host and --docker-context lead to a docker engine."
            )
        }
        let words = "\(place), version \(engineVersion)"
        if let host, !Self.isLocal(host) {
            return .warning(
                .engine,
                "\(words), is on another machine\(isOpen(host) ? ", without TLS" : "").",
                "Published ports are probed on this one: use the engine of this machine."
            )
        }
        return Self.aged(.engine, words, engineVersion)
    }

    private var room: Finding? {
        guard let root else { return nil }
        guard let disk else {
            return .ok(.engineDisk, "\(root) cannot be seen from here.")
        }
        let words = "\(root), only \(disk.words)."
        let advice = "Make room, for instance with docker system prune."
        switch disk.verdict(.engine) {
        case .ok: return .ok(.engineDisk, "\(root), \(disk.words).")
        case .warning: return .warning(.engineDisk, words, advice)
        case .wrong: return .wrong(.engineDisk, words, advice)
        }
    }

    /// A finding about a version. The oldest docker that was tried is 20.10.
    private static func aged(
        _ matter: Finding.Matter,
        _ words: String,
        _ version: String
    ) -> Finding {
        let numbers = version.split(separator: ".").prefix(2).compactMap { Int($0) }
        guard numbers.count == 2, (numbers[0], numbers[1]) < (20, 10) else {
            return .ok(matter, "\(words).")
        }
        return .warning(
            matter,
            "\(words), is older than 20.10, the oldest one that was tried.",
            "Use a newer docker."
        )
    }

    private func isOpen(_ host: String) -> Bool { host.hasPrefix("tcp://") && !isVerified }

    /// Whether the engine's published ports are this machine's.
    static func isLocal(_ host: String) -> Bool {
        guard !host.hasPrefix("unix://") else { return true }
        guard host.hasPrefix("tcp://") || host.hasPrefix("http://") else { return false }
        let rest = host.drop { $0 != "/" }.dropFirst(2)
        return ["127.", "localhost", "[::1]"].contains { rest.hasPrefix($0) }
    }
}
