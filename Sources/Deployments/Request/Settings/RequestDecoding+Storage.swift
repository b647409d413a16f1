/// Decodes the volumes, secrets and commands of a container.
extension RequestDecoding {
    mutating func volumes() -> [ContainerMount] {
        var mounts: [ContainerMount] = []
        let example = "[{\"source\": \"data\", \"target\": \"/var/lib/app\"}]"
        for (index, element) in elements(given("volumes"), "volumes", example).enumerated() {
            let field = "volumes[\(index)]"
            guard let members = object(element.isNull ? .bool(false) : element, field) else {
                continue
            }
            refuseUnknown(members, known: ["source", "target", "read_only"], path: "\(field).")
            let isReadOnly =
                boolean(Self.given("read_only", in: members), "\(field).read_only") ?? false
            let source = mountSource(Self.given("source", in: members), "\(field).source")
            let target = mountTarget(Self.given("target", in: members), "\(field).target")
            guard let source, let target else { continue }
            if mounts.contains(where: { $0.target == target }) {
                fault("\(field).target", "is \(target), as in another volume")
            }
            mounts.append(ContainerMount(source, at: target, isReadOnly: isReadOnly))
        }
        return mounts
    }

    private mutating func mountSource(
        _ value: JSONValue?,
        _ field: String
    ) -> ContainerMount.Source? {
        guard let value else {
            fault(field, "is required")
            return nil
        }
        guard let text = string(value, field) else { return nil }
        if text.hasPrefix("/") {
            return absolutePath(value, field, "/srv/app").map { .folder($0) }
        }
        guard (2...255).contains(text.utf8.count), Self.isName(text) else {
            fault(
                field,
                """
                must be a volume's name of 2 to 255 letters, digits, '_', '.' and '-', beginning \
                with a letter or digit, or an absolute path
                """
            )
            return nil
        }
        return .volume(text)
    }

    private mutating func mountTarget(_ value: JSONValue?, _ field: String) -> String? {
        guard let value else {
            fault(field, "is required")
            return nil
        }
        guard let path = absolutePath(value, field, "/var/lib/app") else { return nil }
        guard !path.utf8.contains(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") })
        else {
            fault(field, "must not contain a comma or a quotation mark")
            return nil
        }
        if let place = EngineMounts.folders.first(where: { EngineMounts.isAt(path, place: $0) }) {
            fault(field, "must not lie in \(place): the engine mounts something over it")
            return nil
        }
        return path
    }

    /// Decodes the contents of the files by name.
    mutating func secrets() -> [String: String] {
        var secrets: [String: String] = [:]
        for member in table(given("secrets"), "secrets") {
            let field = "secrets.\(member.name.excerpt)"
            guard Self.isName(member.name), member.name.utf8.count <= 80 else {
                fault(
                    field,
                    """
                    must have a name of 1 to 80 letters, digits, '_', '.' and '-', beginning with \
                    a letter or digit
                    """
                )
                continue
            }
            guard let text = member.value.string else {
                fault(field, "must be a string, not \(member.value.kind): put the value in quotes")
                continue
            }
            secrets[member.name] = text
        }
        return secrets
    }

    /// Decodes a user and a group by number, because the names of users are those of the container.
    mutating func owner() -> String? {
        guard let text = user("owner") else { return nil }
        guard text.split(separator: ":").allSatisfy({ $0.utf8.allSatisfy(\.isDigit) }) else {
            fault("owner", "must be the numbers of a user and a group: \"1000:1000\"")
            return nil
        }
        return text
    }

    mutating func release() -> ReleaseCommand? {
        let timeout = integer(given("release_timeout"), "release_timeout", in: 1...86_400)
        guard let value = given("release_command") else {
            if given("release_timeout") != nil {
                fault("release_timeout", "must be left out if there is no release_command")
            }
            return nil
        }
        let words = words(value, "release_command")
        guard !words.isEmpty else {
            if value.elements?.isEmpty == true { fault("release_command", "must not be empty") }
            return nil
        }
        return ReleaseCommand(words: words, timeoutSeconds: Int(timeout ?? 300))
    }

    mutating func update() -> UpdatePolicy {
        var policy = UpdatePolicy()
        guard let members = object(given("update"), "update") else { return policy }
        refuseUnknown(members, known: ["order", "monitor"], path: "update.")
        policy.order = choice("order", UpdatePolicy.Order.auto, in: members, path: "update.")
        let monitor = Self.given("monitor", in: members)
        policy.monitorSeconds = Int(integer(monitor, "update.monitor", in: 0...3600) ?? 0)
        return policy
    }

    /// Refuses mounts that would hide the copied files or be hidden by others, such as the same
    /// place twice.
    mutating func refuseHiding(_ request: DeploymentRequest) {
        for path in request.settings.tmpfs.keys.sorted() {
            if request.copy != .none, EngineMounts.isAt(request.containerPath, place: path) {
                fault(
                    "container_path",
                    "must not lie in \(path), which is a tmpfs: it is empty when the program starts"
                )
            }
            if !request.secrets.isEmpty, path == DeploymentRequest.secretsFolder {
                fault("tmpfs", "must not have \(path) if there are secrets")
            }
            if request.volumes.contains(where: { $0.target == path }) {
                fault("tmpfs", "must not have \(path), which is a volume")
            }
        }
        for (index, mount) in request.volumes.enumerated() {
            let field = "volumes[\(index)]"
            if !request.secrets.isEmpty,
                EngineMounts.isAt(mount.target, place: DeploymentRequest.secretsFolder)
            {
                fault(
                    "\(field).target",
                    "must not lie in \(DeploymentRequest.secretsFolder) if there are secrets"
                )
            }
            if mount.isReadOnly, request.source != nil,
                EngineMounts.isAt(request.containerPath, place: mount.target)
            {
                fault("\(field).read_only", "must be false, because container_path lies in it")
            }
        }
    }
}
