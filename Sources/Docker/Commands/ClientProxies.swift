import Deployments
import Foundation

/// The `proxies` of the docker client's configuration. The client gives them to every container that it
/// creates.
struct ClientProxies: Sendable, Equatable {
    /// The variables, each in upper case and in lower case.
    let variables: [String: String]

    /// The variables that the members of an entry stand for.
    private static let names = [
        "httpProxy": "HTTP_PROXY", "httpsProxy": "HTTPS_PROXY", "noProxy": "NO_PROXY",
        "ftpProxy": "FTP_PROXY", "allProxy": "ALL_PROXY",
    ]

    /// Whether the client may set a variable of that name, or of that name in another case.
    static func isProxy(_ name: String) -> Bool {
        names.values.contains(name.uppercased())
    }

    /// Reads the configuration as the client does: it takes the entry for the engine's address, or else
    /// the one named `default`. A configuration that cannot be read has no proxies.
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

    /// The address at which the client looks for the engine; nil if its context cannot be read.
    var engineAddress: String? {
        if let host = environment["DOCKER_HOST"], !host.isEmpty { return host }
        let named = environment["DOCKER_CONTEXT"].flatMap { $0.isEmpty ? nil : $0 }
        guard let context = named ?? clientFile?["currentContext"]?.string, context != "default",
            !context.isEmpty
        else { return "unix:///var/run/docker.sock" }
        // The folder of a context is named after the digest of the context's name.
        let digest = SHA256.hexadecimal(Array(context.utf8))
        return configurationFolder.flatMap { Self.json("\($0)/contexts/meta/\(digest)/meta.json") }
            .flatMap { $0["Endpoints"]?["docker"]?["Host"]?.string }
    }

    private static func json(_ path: String) -> JSONValue? {
        FileManager.default.contents(atPath: path).flatMap { try? JSONValue(parsing: Array($0)) }
    }
}
