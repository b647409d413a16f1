public import Foundation
import Subprocess

/// Which docker program is run, and against which engine.
public struct DockerConfiguration: Sendable, Equatable {
    /// The program: absolute where it was found, else as it was given.
    public let executable: String
    /// The whole environment of every command, before the command's own additions.
    public let environment: [String: String]

    /// Which engine the commands speak to.
    public enum Endpoint: Sendable, Equatable {
        /// As `docker --host` takes it.
        case host(String)
        /// The name of a docker context.
        case context(String)
    }

    /// Looks the program up in the environment's `PATH` now, so that a later change of it has no
    /// effect. A program that is not there is not an error yet: every command will say so.
    ///
    /// - Parameters:
    ///   - executable: a path, or a name to look up.
    ///   - endpoint: outranks the environment's.
    ///   - environment: what the commands inherit.
    public init(
        executable: String = "docker",
        endpoint: Endpoint? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        self.executable = Command.locate(executable, in: environment["PATH"])
        var environment = environment
        if endpoint != nil {
            environment["DOCKER_HOST"] = nil
            environment["DOCKER_CONTEXT"] = nil
        }
        switch endpoint {
        case .host(let host): environment["DOCKER_HOST"] = host
        case .context(let context): environment["DOCKER_CONTEXT"] = context
        case nil: break
        }
        environment["DOCKER_CLI_HINTS"] = "false"
        // It has so little to do that more of Go's threads only cost time.
        if environment["GOMAXPROCS"] == nil { environment["GOMAXPROCS"] = "1" }
        // A platform that was not asked for must be the engine's own.
        environment["DOCKER_DEFAULT_PLATFORM"] = nil
        self.environment = environment
    }

    /// Whether the ports that the engine publishes are this machine's.
    public var isLocal: Bool {
        let host = environment["DOCKER_HOST"] ?? ""
        return host.isEmpty || host.hasPrefix("unix://")
    }

    /// Whether the client encrypts its connection and checks the engine's certificate.
    public var usesTLS: Bool { !(environment["DOCKER_TLS_VERIFY"] ?? "").isEmpty }

    /// The folder of the user's docker configuration: `DOCKER_CONFIG`, else `~/.docker`.
    public var configurationFolder: String? {
        if let folder = environment["DOCKER_CONFIG"], !folder.isEmpty { return folder }
        return environment["HOME"].flatMap { $0.isEmpty ? nil : "\($0)/.docker" }
    }
}
