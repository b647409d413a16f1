import Deployments
import Foundation

/// The `proxies` of the docker client's configuration, which it gives to every container that it
/// creates.
struct ClientProxies: Sendable, Equatable {
    /// The variables, each in upper and in lower case.
    let variables: [String: String]

    /// The members of an entry and the variables that they stand for.
    private static let names = [
        "httpProxy": "HTTP_PROXY", "httpsProxy": "HTTPS_PROXY", "noProxy": "NO_PROXY",
        "ftpProxy": "FTP_PROXY", "allProxy": "ALL_PROXY",
    ]

    /// Whether the client may set a variable of that name, or of that name in another case.
    static func isProxy(_ name: String) -> Bool {
        names.values.contains(name.uppercased())
    }

    /// Reads the configuration as the client does: the entry of the engine's address, else the one
    /// named `default`. A configuration that cannot be read has none.
    init(_ configuration: DockerConfiguration) {
        let entries = configuration.clientFile?["proxies"]
        let entry = configuration.engineAddress.flatMap { entries?[$0] } ?? entries?["default"]
        var variables: [String: String] = [:]
        for (member, name) in Self.names {
            guard let value = entry?[member]?.string, !value.isEmpty else { continue }
            variables[name] = value
            variables[name.lowercased()] = value
        }
        self.variables = variables
    }
}

extension DockerConfiguration {
    /// The client's own `config.json`; nil if there is none that can be read.
    var clientFile: JSONValue? {
        configurationFolder.flatMap { Self.json("\($0)/config.json") }
    }

    /// Where the client looks for the engine; nil if a context does not tell.
    var engineAddress: String? {
        if let host = environment["DOCKER_HOST"], !host.isEmpty { return host }
        let named = environment["DOCKER_CONTEXT"].flatMap { $0.isEmpty ? nil : $0 }
        guard let context = named ?? clientFile?["currentContext"]?.string, context != "default",
            !context.isEmpty
        else { return "unix:///var/run/docker.sock" }
        // Contexts lie in folders that are named after the digest of their names.
        let digest = SHA256.hexadecimal(Array(context.utf8))
        return configurationFolder.flatMap { Self.json("\($0)/contexts/meta/\(digest)/meta.json") }
            .flatMap { $0["Endpoints"]?["docker"]?["Host"]?.string }
    }

    private static func json(_ path: String) -> JSONValue? {
        FileManager.default.contents(atPath: path).flatMap { try? JSONValue(parsing: Array($0)) }
    }
}
