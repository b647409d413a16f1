import Deployments

/// A container's variables on their way to the engine.
///
/// The docker client never has them in its own environment, whatever they are called: there they
/// could steer the client, a wrapper around it, ssh or the loader, and no list of names would ever
/// be complete.
public struct ContainerEnvironment: Sendable, Equatable {
    /// The values by name.
    public private(set) var values: [String: String]

    /// A variable cannot be given to a container.
    public struct Unsuitable: Error, Equatable, CustomStringConvertible {
        /// The variable's name.
        public let name: String
        /// Why, in words that follow the name.
        public let reason: String

        /// A sentence without its full stop.
        public var description: String { "the variable \(name) \(reason)" }
    }

    /// Takes the values that a program's environment can hold.
    public init(values: [String: String] = [:]) throws(Unsuitable) {
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            guard !name.isEmpty, !name.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "=") })
            else { throw Unsuitable(name: name, reason: "has a name that no variable can have") }
            guard !value.utf8.contains(0) else {
                throw Unsuitable(name: name, reason: "must not contain a null character")
            }
        }
        self.values = values
    }

    /// What `docker create --env-file` reads; nil if a value would not arrive by it as it is.
    var fileText: String? {
        guard values.allSatisfy({ Self.fitsLine($0.key, $0.value) }) else { return nil }
        // The client drops one carriage return at a line's end, which must not be the value's.
        return values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\r\n" }.joined()
    }

    /// `NAME=value`, sorted.
    var entries: [String] {
        values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }

    private static func fitsLine(_ name: String, _ value: String) -> Bool {
        // The client reads lines of at most 64 KiB.
        name.utf8.count + value.utf8.count < 65_000 && !value.utf8.contains(0x0A)
            // In a name a blank is an error to it, and a line with `#` at its beginning a comment.
            && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }
            // It has the last word over these where its configuration names proxies.
            && !ClientProxies.isProxy(name)
    }

    /// With the proxies that the docker client would give to a container that it creates: those of
    /// its configuration, but for the ones of which the request names a value, in whichever case.
    func adding(_ proxies: ClientProxies) -> ContainerEnvironment {
        let own = Set(values.keys.map { $0.lowercased() })
        var environment = self
        environment.values = values.merging(
            proxies.variables.filter { !own.contains($0.key.lowercased()) }
        ) { value, _ in value }
        return environment
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
}
