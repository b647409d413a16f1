import Deployments

/// A container's variables, by the way in which they reach it.
///
/// `docker create --env=NAME` takes the value from the client's own environment, where nobody sees
/// it in an argument list and every byte is kept. Variables that would steer the client itself must
/// not stand there; they go through a file.
public struct ContainerEnvironment: Sendable, Equatable {
    /// For the client's environment, and each name for `--env`.
    public let passed: [String: String]
    /// The text of a file for `--env-file`; nil where none is needed.
    public let fileText: String?

    /// The values' names, sorted.
    public var names: [String] { passed.keys.sorted() }

    /// A variable cannot be given to a container.
    public struct Unsuitable: Error, Equatable, CustomStringConvertible {
        /// The variable's name.
        public let name: String
        /// Why, in words that follow the name.
        public let reason: String

        /// A sentence without its full stop.
        public var description: String { "the variable \(name) \(reason)" }
    }

    /// Parts the values.
    public init(values: [String: String]) throws(Unsuitable) {
        var passed: [String: String] = [:]
        var lines = ""
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            guard !name.isEmpty, !name.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "=") })
            else { throw Unsuitable(name: name, reason: "has a name that no variable can have") }
            guard !value.utf8.contains(0) else {
                throw Unsuitable(name: name, reason: "must not contain a null character")
            }
            guard Self.steersClient(name) else {
                passed[name] = value
                continue
            }
            // In the file a line is a variable, and the client drops a carriage return.
            guard !value.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D }) else {
                throw Unsuitable(name: name, reason: "must not contain a line break")
            }
            guard !name.utf8.contains(where: { $0 <= 0x20 || $0 == UInt8(ascii: "#") }) else {
                throw Unsuitable(name: name, reason: "must not have a space in its name")
            }
            // The client reads lines of at most 64 KiB.
            guard name.utf8.count + value.utf8.count < 65_000 else {
                throw Unsuitable(name: name, reason: "must not be longer than 65,000 bytes")
            }
            lines += "\(name)=\(value)\n"
        }
        self.passed = passed
        fileText = lines.isEmpty ? nil : lines
    }

    /// The variables that `DockerCommand.containerEnvironment` prints.
    public static func decode(_ output: [UInt8]) -> [String: String] {
        let lines = (try? JSONValue(parsing: output))?.elements?.compactMap(\.string) ?? []
        let pairs = lines.map { line in
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
        }
        return Dictionary(pairs, uniquingKeysWith: { _, last in last })
    }

    /// Whether the docker client, the Go runtime in it, the loader or ssh would heed the variable.
    public static func steersClient(_ name: String) -> Bool {
        names.contains(name) || prefixes.contains { name.hasPrefix($0) }
            || name.lowercased().hasSuffix("_proxy")
    }

    private static let names: Set<String> = [
        "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "GODEBUG", "GOGC", "GOMEMLIMIT", "GOMAXPROCS",
        "GOTRACEBACK", "GOCOVERDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "GLIBC_TUNABLES",
        "GCONV_PATH", "HOSTALIASES", "LOCALDOMAIN", "RES_OPTIONS", "XDG_CONFIG_HOME",
        "XDG_RUNTIME_DIR", OrphanedCommands.variable,
    ]
    private static let prefixes = ["DOCKER_", "LD_", "SSH_", "OTEL_", "MOBY_"]
}
