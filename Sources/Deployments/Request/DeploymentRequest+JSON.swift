extension DeploymentRequest {
    /// The request as it is stored, with all defaults filled in and without secrets.
    ///
    /// It holds only the names of the environment's values, and of `registryAuth` only whether it
    /// was given.
    public var json: JSONValue {
        var members = plainMembers
        if let source, folder == nil {
            members.insert(JSONMember("source", source.json), at: 2)
            members.append(JSONMember("source_auth_given", .bool(sourceAuth != nil)))
        }
        if let build { members.append(JSONMember("build", build.json)) }
        return .object(members)
    }

    private var plainMembers: [JSONMember] {
        let object: JSONValue = [
            "script_name": .string(app),
            "script_folder": .optional(folder),
            "environment": .string(environment),
            "container_name": .string(containerName),
            "registry_image": .string(image),
            "platform": .optional(platform),
            "ports": .object(ports.map { JSONMember($0.name, $0.json) }),
            "environment_names": .strings(environmentValues.keys.sorted()),
            "container_path": .string(containerPath),
            "pull": .string(pull.rawValue),
            "health": health.json,
            "on_conflict": .string(onConflict.rawValue),
            "copy": .string(copy.rawValue),
            "command": .strings(command),
            "restart": .string(restart),
            "memory": .optional(memory),
            "cpus": .optional(cpus),
            "network": .optional(network),
            "labels": .object(
                labels.sorted { $0.key < $1.key }.map { JSONMember($0.key, .string($0.value)) }
            ),
            "secret_names": .strings(secrets.keys.sorted()),
            "settings": .object(settingsMembers),
            "registry_auth_given": .bool(registryAuth != nil),
            "metadata": metadata ?? .null,
            "replaceable_apps": replaceableApps.map { .strings($0.sorted()) } ?? .null,
        ]
        return object.members ?? []
    }

    /// Parses what `json` writes; nil if a member is missing or malformed.
    ///
    /// The secrets are missing: `environmentValues` and `secrets` are empty, and `registryAuth` is
    /// nil. What the request had can be read with `environmentNames`, `secretNames` and
    /// `registryAuthWasGiven`.
    public init?(json: JSONValue) {
        guard let app = json["script_name"]?.string,
            let containerName = json["container_name"]?.string,
            let image = json["registry_image"]?.string,
            let environment = json["environment"]?.string,
            let containerPath = json["container_path"]?.string,
            let pull = json["pull"]?.string.flatMap(PullPolicy.init(rawValue:)),
            let health = json["health"].flatMap(HealthPolicy.init(json:)),
            let onConflict = json["on_conflict"]?.string.flatMap(ConflictPolicy.init(rawValue:)),
            let copy = json["copy"]?.string.flatMap(CopyOrder.init(rawValue:)),
            let restart = json["restart"]?.string,
            let ports = json["ports"]?.members,
            let labels = json["labels"]?.members,
            json["environment_names"]?.elements != nil
        else { return nil }
        let source =
            json["script_folder"]?.string.map { .folder($0) }
            ?? json["source"].flatMap { DeploymentSource(json: $0) }
        let build = json["build"].map { ImageBuild(json: $0) }
        guard source != nil || copy == .none && build == nil else { return nil }
        self.init(app: app, folder: nil, containerName: containerName, image: image)
        self.source = source
        self.build = build
        self.environment = environment
        self.containerPath = containerPath
        self.pull = pull
        self.health = health
        self.onConflict = onConflict
        self.copy = copy
        self.restart = restart
        platform = json["platform"]?.string
        command = json["command"]?.elements?.compactMap(\.string) ?? []
        memory = json["memory"]?.string
        cpus = json["cpus"]?.string
        network = json["network"]?.string
        metadata = json["metadata"].flatMap { $0.isNull ? nil : $0 }
        replaceableApps = (json["replaceable_apps"]?.elements).map {
            Set($0.compactMap(\.string))
        }
        guard read(settings: json["settings"]?.members ?? []) else { return nil }
        for label in labels {
            guard let value = label.value.string else { return nil }
            self.labels[label.name] = value
        }
        for member in ports {
            guard let port = PortMapping(name: member.name, json: member.value) else { return nil }
            self.ports.append(port)
        }
    }

    /// Whether the stored request came with registry credentials, which are never stored.
    public static func registryAuthWasGiven(_ json: JSONValue) -> Bool {
        json["registry_auth_given"]?.bool ?? false
    }

    /// Whether the stored request came with credentials for a repository, which are never stored.
    public static func sourceAuthWasGiven(_ json: JSONValue) -> Bool {
        json["source_auth_given"]?.bool ?? false
    }

    /// The names of the stored request's environment values, sorted.
    public static func environmentNames(_ json: JSONValue) -> [String] {
        json["environment_names"]?.elements?.compactMap(\.string) ?? []
    }

    /// The names of the stored request's build arguments, sorted.
    public static func buildArgumentNames(_ json: JSONValue) -> [String] {
        json["build"]?["argument_names"]?.elements?.compactMap(\.string) ?? []
    }

    /// The names of the stored request's secrets, sorted.
    public static func secretNames(_ json: JSONValue) -> [String] {
        json["secret_names"]?.elements?.compactMap(\.string) ?? []
    }
}

extension DeploymentSource {
    /// The repository or archive as in the request; a folder has a field of its own.
    fileprivate var json: JSONValue {
        switch self {
        case .folder: return .null
        case .archive(let id): return ["archive": .string(Self.archivePrefix + id)]
        case .git(let git):
            var members = [JSONMember("git", .string(git.location.text))]
            if let ref = git.ref { members.append(JSONMember("ref", .string(ref))) }
            if let folder = git.subfolder {
                members.append(JSONMember("subfolder", .string(folder)))
            }
            members.append(JSONMember("submodules", .bool(git.submodules)))
            return .object(members)
        }
    }

    fileprivate init?(json: JSONValue) {
        if let archive = json["archive"]?.string, archive.hasPrefix(Self.archivePrefix) {
            self = .archive(String(archive.dropFirst(Self.archivePrefix.count)))
            return
        }
        guard let text = json["git"]?.string, let location = try? GitLocation(text) else {
            return nil
        }
        var git = GitSource(location)
        git.ref = json["ref"]?.string
        git.subfolder = json["subfolder"]?.string
        git.submodules = json["submodules"]?.bool ?? false
        self = .git(git)
    }
}

extension ImageBuild {
    /// The build as it is stored, with only the names of its arguments.
    fileprivate var json: JSONValue {
        [
            "dockerfile": .string(dockerfile), "target": .optional(target),
            "argument_names": .strings(arguments.keys.sorted()),
        ]
    }

    fileprivate init(json: JSONValue) {
        self.init(
            dockerfile: json["dockerfile"]?.string ?? "Dockerfile",
            target: json["target"]?.string
        )
    }
}

extension PortMapping {
    /// The port as it is stored, without its name.
    fileprivate var json: JSONValue {
        var members = [JSONMember("container", .integer(Int64(container)))]
        if let host { members.append(JSONMember("host", .integer(Int64(host)))) }
        if let bind { members.append(JSONMember("bind", .string(bind))) }
        if let path { members.append(JSONMember("path", .string(path))) }
        if transport != .tcp { members.append(JSONMember("protocol", .string(transport.rawValue))) }
        return .object(members)
    }

    fileprivate init?(name: String, json: JSONValue) {
        guard let container = json["container"]?.integer.flatMap(UInt16.init(exactly:)) else {
            return nil
        }
        self.init(
            name: name,
            container: container,
            host: json["host"]?.integer.flatMap(UInt16.init(exactly:)),
            bind: json["bind"]?.string,
            path: json["path"]?.string,
            transport: json["protocol"]?.string.flatMap(Transport.init(rawValue:)) ?? .tcp
        )
    }
}

extension HealthPolicy {
    fileprivate var json: JSONValue {
        let requirement: JSONValue =
            switch require {
            case .primary: "primary"
            case .all: "all"
            case .none: "none"
            case .named(let names): .strings(names)
            }
        return ["timeout_seconds": .integer(timeoutSeconds), "require": requirement]
    }

    fileprivate init?(json: JSONValue) {
        guard let timeout = json["timeout_seconds"]?.integer else { return nil }
        let requirement: Requirement
        switch json["require"] {
        case .string("primary"): requirement = .primary
        case .string("all"): requirement = .all
        case .string("none"): requirement = .none
        case .array(let names): requirement = .named(names.compactMap(\.string))
        default: return nil
        }
        self.init(timeoutSeconds: Int(timeout), require: requirement)
    }
}
