import Deployments
public import Engine

extension ContainerEnvironment {
    /// The lines that `docker create --env-file` reads; nil if they would change a value.
    var fileText: String? {
        guard values.allSatisfy({ Self.fitsLine($0.key, $0.value) }) else { return nil }
        // The client drops one carriage return at the end of a line. It must not be one of the value.
        return values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\r\n" }.joined()
    }

    /// Sorted entries of the form `NAME=value`. They include the proxies that the docker client would give
    /// to a container that it creates: those of its configuration, except the ones that are among the
    /// values in upper or lower case.
    func entries(with proxies: ClientProxies) -> [String] {
        let own = Set(values.keys.map { $0.lowercased() })
        let more = proxies.variables.filter { !own.contains($0.key.lowercased()) }
        return values.merging(more) { value, _ in value }
            .sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }

    private static func fitsLine(_ name: String, _ value: String) -> Bool {
        // The client reads lines of at most 64 KiB.
        name.utf8.count + value.utf8.count < 65_000 && !value.utf8.contains(0x0A)
            // It refuses a name with a blank, and takes a line that begins with `#` for a comment.
            && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }
            // It overrides these if its configuration names proxies.
            && !ClientProxies.isProxy(name)
    }

    /// Reads the variables that `DockerCommand.containerEnvironment` prints.
    public static func decode(_ output: [UInt8]) -> [String: String] {
        let lines = (try? JSONValue(parsing: output))?.elements?.compactMap(\.string) ?? []
        let pairs = lines.map { line in
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
        }
        return Dictionary(pairs, uniquingKeysWith: { _, last in last })
    }
}
