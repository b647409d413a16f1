extension DeploymentRequest {
    /// The settings in the request's own form, without those that are not given and without
    /// secrets.
    var settingsMembers: [JSONMember] {
        var members = settings.members
        func add(_ name: String, _ value: JSONValue?) {
            if let value { members.append(JSONMember(name, value)) }
        }
        add("volumes", volumes.isEmpty ? nil : .array(volumes.map(\.json)))
        add("owner", owner.map { .string($0) })
        add("release_command", release.map { .strings($0.words) })
        add("release_timeout", release.map { .integer($0.timeoutSeconds) })
        if update != UpdatePolicy() {
            add(
                "update",
                [
                    "order": .string(update.order.rawValue),
                    "monitor": .integer(update.monitorSeconds),
                ]
            )
        }
        return members
    }

    /// Parses what `settingsMembers` writes; returns false if a member is malformed.
    mutating func read(settings members: [JSONMember]) -> Bool {
        var decoding = RequestDecoding(members: members)
        settings = decoding.settings()
        volumes = decoding.volumes()
        owner = decoding.owner()
        release = decoding.release()
        update = decoding.update()
        return decoding.faults.isEmpty
    }
}

extension ContainerSettings {
    fileprivate var members: [JSONMember] {
        var members: [JSONMember] = []
        func add(_ name: String, _ value: JSONValue?) {
            if let value { members.append(JSONMember(name, value)) }
        }
        func add(_ name: String, _ list: [String]) {
            if !list.isEmpty { add(name, .strings(list)) }
        }
        add("entrypoint", entrypoint.map { .strings($0) })
        add("user", user.map { .string($0) })
        add("working_dir", workingFolder.map { .string($0) })
        add("hostname", hostname.map { .string($0) })
        add("init", hasInit.map { .bool($0) })
        if isReadOnly { add("read_only", .bool(true)) }
        add("tmpfs", tmpfs.sorted { $0.key < $1.key }.map { $1.isEmpty ? $0 : "\($0):\($1)" })
        add("shm_size", sharedMemory.map { .integer($0) })
        if !resourceLimits.isEmpty {
            add(
                "ulimits",
                .object(
                    resourceLimits.sorted { $0.key < $1.key }.map { name, limit in
                        let both: JSONValue = [
                            "soft": .integer(limit.soft), "hard": .integer(limit.hard),
                        ]
                        return JSONMember(name, both)
                    }
                )
            )
        }
        add("pids_limit", processLimit.map { .integer($0) })
        add("cap_drop", droppedCapabilities)
        add("extra_hosts", hosts.map { "\($0.name)=\($0.address)" })
        add("dns", nameServers)
        add("stop_signal", stopSignal.map { .string($0) })
        add("stop_grace_period", stopGracePeriod.map { .integer($0) })
        add("healthcheck", check?.json)
        if !networks.isEmpty {
            add(
                "networks",
                .object(
                    networks.map { JSONMember($0.network, ["aliases": .strings($0.aliases)]) }
                )
            )
        }
        add("logging", logging?.json)
        return members + privileges.members
    }
}

extension ContainerSettings.Privileges {
    fileprivate var members: [JSONMember] {
        var members: [JSONMember] = []
        func add(_ name: String, _ value: JSONValue?) {
            if let value { members.append(JSONMember(name, value)) }
        }
        if isPrivileged { add("privileged", .bool(true)) }
        if !capabilities.isEmpty { add("cap_add", .strings(capabilities)) }
        if !security.isEmpty { add("security_opt", .strings(security)) }
        if !devices.isEmpty {
            add("devices", .strings(devices.map { "\($0.source):\($0.target):\($0.permissions)" }))
        }
        add("gpus", graphics.map { .array([$0.json]) })
        add("pid", processes.map { .string($0) })
        add("ipc", sharedMemory.map { .string($0) })
        return members
    }
}

extension ContainerSettings.Graphics {
    fileprivate var json: JSONValue {
        var members: [JSONMember] = []
        if let driver { members.append(JSONMember("driver", .string(driver))) }
        if devices.isEmpty {
            members.append(JSONMember("count", count < 0 ? "all" : .integer(count)))
        } else {
            members.append(JSONMember("device_ids", .strings(devices)))
        }
        return .object(members)
    }
}

extension ContainerSettings.Check {
    fileprivate var json: JSONValue {
        var members: [JSONMember] = []
        switch test {
        case .none: members.append(JSONMember("disable", .bool(true)))
        case .inherited: break
        case .shell(let line): members.append(JSONMember("test", .strings(["CMD-SHELL", line])))
        case .command(let words): members.append(JSONMember("test", .strings(["CMD"] + words)))
        }
        for (name, value) in [
            ("interval", interval), ("timeout", timeout), ("start_period", startPeriod),
        ] {
            guard let value else { continue }
            members.append(JSONMember(name, .seconds(milliseconds: value)))
        }
        if let retries { members.append(JSONMember("retries", .integer(retries))) }
        return .object(members)
    }
}

extension ContainerSettings.Logging {
    fileprivate var json: JSONValue {
        var members: [JSONMember] = []
        if let driver { members.append(JSONMember("driver", .string(driver))) }
        if !options.isEmpty {
            let sorted = options.sorted { $0.key < $1.key }
            members.append(
                JSONMember("options", .object(sorted.map { JSONMember($0.key, .string($0.value)) }))
            )
        }
        return .object(members)
    }
}

extension ContainerMount {
    fileprivate var json: JSONValue {
        let text =
            switch source {
            case .volume(let name): name
            case .folder(let path): path
            case .temporary: ""
            }
        return [
            "source": .string(text), "target": .string(target), "read_only": .bool(isReadOnly),
        ]
    }
}

extension JSONValue {
    /// A number of seconds with at most three decimal places.
    fileprivate static func seconds(milliseconds: Int64) -> JSONValue {
        guard milliseconds % 1000 != 0 else { return .integer(milliseconds / 1000) }
        let fraction = String(milliseconds % 1000 + 1000).dropFirst()
        return .decimal("\(milliseconds / 1000).\(fraction)")
    }
}
