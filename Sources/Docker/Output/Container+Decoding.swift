import Deployments
public import Engine

extension Container {
    /// The template of one line of JSON.
    static let format =
        #"{"id":{{json .ID}},"name":{{json .Name}},"image":{{json .Image}},"state":{{json .State}},"#
        + #""restarts":{{json .RestartCount}},"ports":{{json .NetworkSettings.Ports}},"#
        + #""labels":{{json .Config.Labels}},"healthcheck":{{json .Config.Healthcheck}},"#
        + #""mounts":{{json .Mounts}},"stop_seconds":{{json .Config.StopTimeout}},"#
        + #""memory":{{json .HostConfig.Memory}},"bindings":{{json .HostConfig.PortBindings}}}"#

    /// The containers in a command's output. Other lines are skipped.
    public static func decode(_ output: [UInt8]) -> [Container] {
        output.split(separator: UInt8(ascii: "\n")).compactMap { line in
            (try? JSONValue(parsing: Array(line))).flatMap(Container.init(json:))
        }
    }

    private init?(json: JSONValue) {
        guard let id = json["id"]?.string, let name = json["name"]?.string,
            let image = json["image"]?.string, let state = json["state"],
            let status = state["Status"]?.string.map(Status.init(word:))
        else { return nil }
        self.init(
            id: id,
            name: name.hasPrefix("/") ? String(name.dropFirst()) : name,
            imageID: image,
            status: status
        )
        running = state["Running"]?.bool ?? (status == .running)
        exitCode = Int(state["ExitCode"]?.saturatedInteger ?? 0)
        oomKilled = state["OOMKilled"]?.bool ?? false
        error = state["Error"]?.string ?? ""
        startedAt = state["StartedAt"]?.string ?? ""
        finishedAt = state["FinishedAt"]?.string ?? ""
        restartCount = Int(json["restarts"]?.saturatedInteger ?? 0)
        // Some engines say `none` if there is no health check.
        health = state["Health"]?["Status"]?.string.flatMap(Container.Health.init)
        let check = json["healthcheck"]?["Test"]?.elements?.first?.string
        hasHealthcheck = check != nil && check != "NONE"
        ports = Self.bindings(json["ports"])
        udpPorts = Self.bindings(json["ports"], of: .udp)
        stopSeconds = json["stop_seconds"]?.saturatedInteger.map { Int(min(max(0, $0), 86_400)) }
        mounts = json["mounts"]?.elements?.compactMap(ContainerMount.init(json:)) ?? []
        requestedPorts = Self.bindings(json["bindings"])
        for member in json["labels"]?.members ?? [] { labels[member.name] = member.value.string }
        memoryLimit = json["memory"]?.saturatedInteger.flatMap { $0 > 0 ? $0 : nil }
    }

    private static func bindings(
        _ json: JSONValue?,
        of transport: PortMapping.Transport = .tcp
    ) -> [UInt16: [Binding]] {
        var table: [UInt16: [Binding]] = [:]
        for member in json?.members ?? [] {
            let parts = member.name.split(separator: "/")
            guard let container = parts.first.flatMap({ UInt16($0) }),
                (parts.count < 2 ? "tcp" : parts[1]) == transport.rawValue
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

extension Container.Status {
    /// What docker's word for a container's status stands for.
    init(word: String) {
        self =
            switch word {
            case "created": .created
            case "running": .running
            case "paused": .paused
            case "restarting": .restarting
            case "removing": .removing
            case "exited": .exited
            case "dead": .dead
            default: .other(word)
            }
    }
}

extension ContainerMount {
    /// Reads a mount of an inspection; nil if it is neither a volume nor a folder of the machine.
    fileprivate init?(json: JSONValue) {
        guard let target = json["Destination"]?.string else { return nil }
        let source: Source
        switch json["Type"]?.string {
        case "volume":
            guard let name = json["Name"]?.string else { return nil }
            source = .volume(name)
        case "bind":
            guard let path = json["Source"]?.string else { return nil }
            source = .folder(path)
        default: return nil
        }
        self.init(source, at: target, isReadOnly: json["RW"]?.bool == false)
    }
}
