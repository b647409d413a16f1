public import Deployments
import Foundation

/// A container as the engine sees it.
public struct ContainerInspection: Sendable, Equatable {
    /// All 64 characters.
    public var id: String
    /// Without the engine's leading `/`.
    public var name: String
    /// The image's id: `sha256:…`.
    public var imageID: String
    /// `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`.
    public var status: String
    /// Whether its program runs.
    public var running: Bool
    /// The exit status of its program's last run.
    public var exitCode: Int
    /// Whether its main process was killed for want of memory.
    public var oomKilled: Bool
    /// Why it could not be started; empty if it could.
    public var error: String
    /// RFC 3339 with nanoseconds.
    public var startedAt: String
    /// RFC 3339; the year 1 where it has not ended.
    public var finishedAt: String
    /// How often its restart policy has started it again.
    public var restartCount: Int
    /// `starting`, `healthy` or `unhealthy`; nil without a check.
    public var health: String?
    /// Whether a check of its own is set up.
    public var hasHealthcheck: Bool
    /// Where TCP ports are published now, by container port. Empty while it does not run.
    public var ports: [UInt16: [Binding]]
    /// Where TCP ports were asked to be published; port 0 stands for any.
    public var requestedPorts: [UInt16: [Binding]]
    /// Its labels, the image's among them.
    public var labels: [String: String]
    /// Bytes; nil for no limit.
    public var memoryLimit: Int64?

    /// A port of the host.
    public struct Binding: Sendable, Hashable {
        /// Empty or `0.0.0.0` for every IPv4 address.
        public var address: String
        /// The port's number.
        public var port: UInt16

        /// A port of an address.
        public init(address: String, port: UInt16) {
            self.address = address
            self.port = port
        }
    }

    /// What it says of whose it is. Its labels alone prove nothing.
    public var claim: ContainerClaim {
        ContainerClaim(
            id: id,
            name: name,
            creation: labels[Label.creation]
                ?? labels[Label.deployment].map(ContainerClaim.creation(of:))
        )
    }

    /// The template of one line of JSON.
    static let format =
        #"{"id":{{json .ID}},"name":{{json .Name}},"image":{{json .Image}},"state":{{json .State}},"#
        + #""restarts":{{json .RestartCount}},"ports":{{json .NetworkSettings.Ports}},"#
        + #""labels":{{json .Config.Labels}},"healthcheck":{{json .Config.Healthcheck}},"#
        + #""memory":{{json .HostConfig.Memory}},"bindings":{{json .HostConfig.PortBindings}}}"#

    /// The containers in a command's output. Lines that are none are passed over.
    public static func decode(_ output: [UInt8]) -> [ContainerInspection] {
        output.split(separator: UInt8(ascii: "\n")).compactMap { line in
            (try? JSONValue(parsing: Array(line))).flatMap(ContainerInspection.init(json:))
        }
    }

    private init?(json: JSONValue) {
        guard let id = json["id"]?.string, let name = json["name"]?.string,
            let image = json["image"]?.string, let state = json["state"],
            let status = state["Status"]?.string
        else { return nil }
        self.id = id
        self.name = name.hasPrefix("/") ? String(name.dropFirst()) : name
        imageID = image
        self.status = status
        running = state["Running"]?.bool ?? (status == "running")
        exitCode = Int(state["ExitCode"]?.saturatedInteger ?? 0)
        oomKilled = state["OOMKilled"]?.bool ?? false
        error = state["Error"]?.string ?? ""
        startedAt = state["StartedAt"]?.string ?? ""
        finishedAt = state["FinishedAt"]?.string ?? ""
        restartCount = Int(json["restarts"]?.saturatedInteger ?? 0)
        // Some engines say `none` if there is no check.
        health = state["Health"]?["Status"]?.string.flatMap { $0 == "none" ? nil : $0 }
        let check = json["healthcheck"]?["Test"]?.elements?.first?.string
        hasHealthcheck = check != nil && check != "NONE"
        ports = Self.bindings(json["ports"])
        requestedPorts = Self.bindings(json["bindings"])
        labels = [:]
        for member in json["labels"]?.members ?? [] { labels[member.name] = member.value.string }
        memoryLimit = json["memory"]?.saturatedInteger.flatMap { $0 > 0 ? $0 : nil }
    }

    private static func bindings(_ json: JSONValue?) -> [UInt16: [Binding]] {
        var table: [UInt16: [Binding]] = [:]
        for member in json?.members ?? [] {
            let parts = member.name.split(separator: "/")
            guard let container = parts.first.flatMap({ UInt16($0) }),
                parts.count < 2 || parts[1] == "tcp"
            else { continue }
            for element in member.value.elements ?? [] {
                guard let text = element["HostPort"]?.string,
                    let port = text.isEmpty ? 0 : UInt16(text)
                else { continue }
                let address = element["HostIp"]?.string ?? ""
                table[container, default: []].append(Binding(address: address, port: port))
            }
        }
        return table
    }
}
