public import Foundation
import Subprocess

/// The docker program that is run, and the engine that it reaches.
public struct DockerConfiguration: Sendable, Equatable {
    /// The program: an absolute path if it was found, or else what was given.
    public let executable: String
    /// The environment of every command, without the command's own additions.
    public let environment: [String: String]

    /// The engine that the commands reach.
    public enum Endpoint: Sendable, Equatable {
        /// An address, as `docker --host` takes it.
        case host(String)
        /// The name of a docker context.
        case context(String)
    }

    /// Looks the program up in the environment's `PATH` once, so that later changes have no effect. It is
    /// no error if there is no such program: every command will say so.
    ///
    /// - Parameters:
    ///   - executable: a path, or a name to look up.
    ///   - endpoint: takes precedence over the environment; nil to use what that names.
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
        // The client has so little to do that more threads of Go only cost time.
        if environment["GOMAXPROCS"] == nil { environment["GOMAXPROCS"] = "1" }
        // If no platform is asked for, it must be the engine's own.
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

    /// The folder of the user's docker configuration: `DOCKER_CONFIG`, or else `~/.docker`.
    public var configurationFolder: String? {
        if let folder = environment["DOCKER_CONFIG"], !folder.isEmpty { return folder }
        return environment["HOME"].flatMap { $0.isEmpty ? nil : "\($0)/.docker" }
    }
}
