import Deployments
import Engine

/// One setting of a new container, in the form of `docker create` and in that of the engine's interface
/// (https://docs.docker.com/reference/api/engine/version/v1.47/#tag/Container/operation/ContainerCreate).
struct CreationSetting {
    /// The options of `docker create`; nil if there is none for the setting.
    let options: [String]?
    /// The members of the engine's request, with their places.
    let members: [(place: [String], value: JSONValue)]

    init(_ options: [String]?, _ members: [(place: [String], value: JSONValue)]) {
        self.options = options
        self.members = members
    }

    /// A member at the top of the engine's request.
    init(_ option: String?, _ name: String, _ value: JSONValue) {
        self.init(option.map { [$0] }, [([name], value)])
    }

    /// A member of `HostConfig`, which describes the machine rather than the program.
    static func host(_ options: [String], _ name: String, _ value: JSONValue) -> CreationSetting {
        CreationSetting(options, [(["HostConfig", name], value)])
    }
}

extension ContainerSpecification {
    /// Everything except the name, the image, the platform and the variables. The order depends on the
    /// values only.
    var creationSettings: [CreationSetting] {
        machineSettings + networkSettings + programSettings + checkSettings + mountSettings
            + privilegeSettings + labelSettings
    }

    /// The parameters of `docker create`; nil if one of the settings has no option.
    ///
    /// - Parameter readingEnvironment: whether the variables come through the standard input.
    func parameters(readingEnvironment: Bool = false) -> [String]? {
        var list = ["--name=\(name)"]
        if pullNever { list.append("--pull=never") }
        if let platform { list.append("--platform=\(platform)") }
        for setting in creationSettings {
            guard let options = setting.options else { return nil }
            list += options
        }
        if readingEnvironment { list.append("--env-file=/dev/stdin") }
        // The option takes one word only. The others go before the words of the command.
        let entrypoint = settings.entrypoint ?? []
        return list + ["--", image] + entrypoint.dropFirst() + command
    }

    /// The query of the engine's request.
    var query: String {
        // No character of a name or a platform has to be escaped.
        "name=\(name)" + (platform.map { "&platform=\($0)" } ?? "")
    }

    /// The content of the engine's request, for the same container as `parameters`.
    func json(_ environment: [String]) -> JSONValue {
        var tree = JSONTree()
        tree.set(["Image"], .string(image))
        tree.set(["Env"], .strings(environment))
        tree.set(["AttachStdout"], .bool(true))
        tree.set(["AttachStderr"], .bool(true))
        for setting in creationSettings {
            for member in setting.members { tree.set(member.place, member.value) }
        }
        return tree.json
    }

    // MARK: The machine

    private var machineSettings: [CreationSetting] {
        let policy = restart.split(separator: ":", maxSplits: 1)
        var list: [CreationSetting] = [
            .host(
                ["--restart=\(restart)"],
                "RestartPolicy",
                [
                    "Name": .string(policy.first.map(String.init) ?? ""),
                    "MaximumRetryCount": .integer(policy.count > 1 ? Int64(policy[1]) ?? 0 : 0),
                ]
            )
        ]
        if let memory {
            let bytes = DeploymentRequest.memoryBytes(memory) ?? 0
            list.append(.host(["--memory=\(memory)"], "Memory", .integer(bytes)))
        }
        if let cpus {
            list.append(
                .host(["--cpus=\(cpus)"], "NanoCpus", .integer(Self.billionths(cpus) ?? 0))
            )
        }
        if let size = settings.sharedMemory {
            list.append(.host(["--shm-size=\(size)"], "ShmSize", .integer(size)))
        }
        if let limit = settings.processLimit {
            list.append(.host(["--pids-limit=\(limit)"], "PidsLimit", .integer(limit)))
        }
        if !settings.resourceLimits.isEmpty {
            let limits = settings.resourceLimits.sorted { $0.key < $1.key }
            list.append(
                .host(
                    limits.map { "--ulimit=\($0.key)=\($0.value.soft):\($0.value.hard)" },
                    "Ulimits",
                    .array(
                        limits.map { name, limit in
                            [
                                "Name": .string(name), "Soft": .integer(limit.soft),
                                "Hard": .integer(limit.hard),
                            ]
                        }
                    )
                )
            )
        }
        return list
    }

    /// A decimal number in billionths; nil if it has more than nine decimals.
    private static func billionths(_ text: String) -> Int64? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let fraction = parts.count > 1 ? String(parts[1]) : ""
        guard parts.count <= 2, fraction.count <= 9 else { return nil }
        return Int64(parts[0] + fraction + String(repeating: "0", count: 9 - fraction.count))
    }

    // MARK: The network

    private var networkSettings: [CreationSetting] {
        var list: [CreationSetting] = []
        if let network {
            list.append(
                CreationSetting(
                    [Self.option(network)],
                    [
                        (["HostConfig", "NetworkMode"], .string(network.network)),
                        (["NetworkingConfig", "EndpointsConfig"], Self.endpoints(network)),
                    ]
                )
            )
        } else {
            list.append(.host([], "NetworkMode", "default"))
        }
        if !ports.isEmpty {
            let bindings = Dictionary(grouping: ports) {
                "\($0.container)/\($0.transport.rawValue)"
            }.sorted { $0.key < $1.key }
            list.append(
                CreationSetting(
                    ports.map { "--publish=\(publication($0))" },
                    [
                        (["ExposedPorts"], .object(bindings.map { JSONMember($0.key, [:]) })),
                        (
                            ["HostConfig", "PortBindings"],
                            .object(
                                bindings.map { JSONMember($0.key, .array($0.value.map(binding))) }
                            )
                        ),
                    ]
                )
            )
        }
        let hosts = settings.hosts.map { "\($0.name):\($0.address)" }
        if !hosts.isEmpty {
            list.append(.host(hosts.map { "--add-host=\($0)" }, "ExtraHosts", .strings(hosts)))
        }
        if !settings.nameServers.isEmpty {
            list.append(
                .host(
                    settings.nameServers.map { "--dns=\($0)" },
                    "Dns",
                    .strings(settings.nameServers)
                )
            )
        }
        if let hostname = settings.hostname {
            list.append(CreationSetting("--hostname=\(hostname)", "Hostname", .string(hostname)))
        }
        return list
    }

    /// The option for a network. Names of networks and aliases have no comma.
    private static func option(_ attachment: ContainerSettings.Attachment) -> String {
        guard !attachment.aliases.isEmpty else { return "--network=\(attachment.network)" }
        let aliases = attachment.aliases.map { ",alias=\($0)" }.joined()
        return "--network=name=\(attachment.network)\(aliases)"
    }

    /// The entry of a network, with its aliases. Without aliases there is no entry, because the engine
    /// takes none for networks of its own and of other containers.
    private static func endpoints(_ network: ContainerSettings.Attachment) -> JSONValue {
        guard !network.aliases.isEmpty else { return [:] }
        return .object([JSONMember(network.network, ["Aliases": .strings(network.aliases)])])
    }

    private func publication(_ port: PortMapping) -> String {
        let address = port.bind ?? publishAddress
        // An IPv6 address has colons of its own.
        let place = address.contains(":") && !address.hasPrefix("[") ? "[\(address)]" : address
        let host = port.host.map(String.init) ?? ""
        return "\(place):\(host):\(port.container)/\(port.transport.rawValue)"
    }

    private func binding(_ port: PortMapping) -> JSONValue {
        [
            "HostIp": .string(port.bind ?? publishAddress),
            "HostPort": .string(port.host.map(String.init) ?? ""),
        ]
    }

    // MARK: The program

    private var programSettings: [CreationSetting] {
        var list: [CreationSetting] = []
        if let entrypoint = settings.entrypoint {
            // An empty word removes the entrypoint of the image.
            let first = entrypoint.first ?? ""
            list.append(
                CreationSetting(
                    "--entrypoint=\(first)",
                    "Entrypoint",
                    .strings(entrypoint.isEmpty ? [""] : entrypoint)
                )
            )
        }
        if !command.isEmpty {
            list.append(CreationSetting([], [(["Cmd"], .strings(command))]))
        }
        if let user = settings.user {
            list.append(CreationSetting("--user=\(user)", "User", .string(user)))
        }
        if let folder = settings.workingFolder {
            list.append(CreationSetting("--workdir=\(folder)", "WorkingDir", .string(folder)))
        }
        if let hasInit = settings.hasInit {
            list.append(.host(["--init=\(hasInit)"], "Init", .bool(hasInit)))
        }
        if let signal = settings.stopSignal {
            list.append(CreationSetting("--stop-signal=\(signal)", "StopSignal", .string(signal)))
        }
        if let seconds = settings.stopGracePeriod {
            list.append(
                CreationSetting("--stop-timeout=\(seconds)", "StopTimeout", .integer(seconds))
            )
        }
        return list
    }

    private var checkSettings: [CreationSetting] {
        guard let check = settings.check else { return [] }
        var list: [CreationSetting] = []
        let place = ["Healthcheck"]
        switch check.test {
        case .none:
            return [
                CreationSetting(["--no-healthcheck"], [(place + ["Test"], .strings(["NONE"]))])
            ]
        case .inherited: break
        case .shell(let line):
            list.append(
                CreationSetting(
                    ["--health-cmd=\(line)"],
                    [(place + ["Test"], .strings(["CMD-SHELL", line]))]
                )
            )
        case .command(let words):
            list.append(
                CreationSetting(nil, [(place + ["Test"], .strings(["CMD"] + words))])
            )
        }
        for (option, name, milliseconds) in [
            ("interval", "Interval", check.interval), ("timeout", "Timeout", check.timeout),
            ("start-period", "StartPeriod", check.startPeriod),
        ] {
            guard let milliseconds else { continue }
            list.append(
                CreationSetting(
                    ["--health-\(option)=\(milliseconds)ms"],
                    [(place + [name], .integer(milliseconds * 1_000_000))]
                )
            )
        }
        if let retries = check.retries {
            list.append(
                CreationSetting(
                    ["--health-retries=\(retries)"],
                    [(place + ["Retries"], .integer(retries))]
                )
            )
        }
        return list
    }

    // MARK: Mounts and the log

    private var mountSettings: [CreationSetting] {
        var list: [CreationSetting] = []
        if settings.isReadOnly {
            list.append(.host(["--read-only"], "ReadonlyRootfs", .bool(true)))
        }
        if !settings.tmpfs.isEmpty {
            let table = settings.tmpfs.sorted { $0.key < $1.key }
            list.append(
                .host(
                    table.map { "--tmpfs=\($0.key)" + ($0.value.isEmpty ? "" : ":\($0.value)") },
                    "Tmpfs",
                    .object(table.map { JSONMember($0.key, .string($0.value)) })
                )
            )
        }
        if !mounts.isEmpty {
            list.append(.host(mounts.map(\.option), "Mounts", .array(mounts.map(\.engineJSON))))
        }
        if let logging = settings.logging {
            let options = logging.options.sorted { $0.key < $1.key }
            var words = logging.driver.map { ["--log-driver=\($0)"] } ?? []
            words += options.map { "--log-opt=\($0.key)=\($0.value)" }
            list.append(
                .host(
                    words,
                    "LogConfig",
                    [
                        "Type": .string(logging.driver ?? ""),
                        "Config": .object(options.map { JSONMember($0.key, .string($0.value)) }),
                    ]
                )
            )
        }
        return list
    }

    private var labelSettings: [CreationSetting] {
        let sorted = labels.sorted { $0.key < $1.key }
        return [
            CreationSetting(
                sorted.map { "--label=\($0.key)=\($0.value)" },
                [(["Labels"], .object(sorted.map { JSONMember($0.key, .string($0.value)) }))]
            )
        ]
    }

    // MARK: Privileges

    private var privilegeSettings: [CreationSetting] {
        let privileges = settings.privileges
        var list: [CreationSetting] = []
        func add(_ option: String, _ name: String, _ words: [String]) {
            guard !words.isEmpty else { return }
            list.append(.host(words.map { "--\(option)=\($0)" }, name, .strings(words)))
        }
        if privileges.isPrivileged {
            list.append(.host(["--privileged"], "Privileged", .bool(true)))
        }
        add("cap-add", "CapAdd", privileges.capabilities)
        add("cap-drop", "CapDrop", settings.droppedCapabilities)
        add("security-opt", "SecurityOpt", privileges.security)
        if !privileges.devices.isEmpty {
            list.append(
                .host(
                    privileges.devices.map {
                        "--device=\($0.source):\($0.target):\($0.permissions)"
                    },
                    "Devices",
                    .array(
                        privileges.devices.map { device in
                            [
                                "PathOnHost": .string(device.source),
                                "PathInContainer": .string(device.target),
                                "CgroupPermissions": .string(device.permissions),
                            ]
                        }
                    )
                )
            )
        }
        if let graphics = privileges.graphics {
            list.append(.host(["--gpus=\(graphics.option)"], "DeviceRequests", graphics.engineJSON))
        }
        if let mode = privileges.processes {
            list.append(.host(["--pid=\(mode)"], "PidMode", .string(mode)))
        }
        if let mode = privileges.sharedMemory {
            list.append(.host(["--ipc=\(mode)"], "IpcMode", .string(mode)))
        }
        return list
    }
}
