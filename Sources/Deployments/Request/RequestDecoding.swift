/// Decodes one request: holds its fields and the faults found so far.
struct RequestDecoding {
    /// The request's fields.
    let members: [JSONMember]
    /// The faults of the fields that were read.
    private(set) var faults: [FieldFault] = []
    /// The number of unknown fields for which a similar name is still searched; a search takes
    /// time.
    private var suggestionsLeft = 20

    static let fields =
        [
            "script_name", "script_folder", "source", "source_auth", "build", "container_name",
            "registry_image", "platform", "ports",
            "env_vars", "environment", "container_path", "pull", "health", "on_conflict", "copy",
            "command", "restart", "memory", "cpus", "network", "labels", "registry_auth",
            "metadata",
            "volumes", "secrets", "owner", "release_command", "release_timeout", "update",
        ] + settingsFields + privilegeFields

    init(members: [JSONMember]) {
        self.members = members
    }

    /// Decodes every field. The result is nil only if there is a fault.
    mutating func request(_ defaults: RequestDefaults, _ isAdmin: Bool) -> DeploymentRequest? {
        refuseUnknown(members, known: Self.fields, path: "")
        let app = name("script_name", required: true)
        let build = build()
        // A built image already has the files.
        let copy = choice("copy", given("build") == nil ? CopyOrder.afterStart : .none)
        let source = source(isNeeded: copy != .none || given("build") != nil)
        let sourceAuth = sourceAuth(source)
        let containerName = containerName(app: app, prefix: defaults.containerPrefix)
        let image =
            given("build") == nil
            ? image(defaults.image) : app.map { ImageBuild.repository(of: $0) }
        var ports = ports(defaults.ports)
        let platform = platform()
        let environmentValues = environmentValues()
        let environment = name("environment", required: false) ?? "default"
        let containerPath = containerPath()
        // This is also docker's default.
        let pull = choice("pull", build == nil ? PullPolicy.always : .missing)
        let health = health(ports: &ports)
        let onConflict = choice("on_conflict", ConflictPolicy.queue)
        let command = command()
        let restart = restart()
        let memory = memory()
        let cpus = cpus()
        let network = network(ports: ports)
        let labels = labels()
        let registryAuth = credentials("registry_auth")
        let metadata = metadata()
        let settings = settings()
        let volumes = volumes()
        let secrets = secrets()
        let owner = owner()
        let release = release()
        let update = update()
        guard let app, source != nil || copy == .none && build == nil, let containerName, let image
        else {
            return nil
        }
        var request = DeploymentRequest(
            app: app,
            folder: nil,
            containerName: containerName,
            image: image
        )
        request.source = source
        request.sourceAuth = sourceAuth
        request.build = build
        request.environment = environment
        request.platform = platform
        request.ports = ports
        request.environmentValues = environmentValues
        if let containerPath { request.containerPath = containerPath }
        request.pull = pull
        request.health = health
        request.onConflict = onConflict
        request.copy = copy
        request.command = command
        request.restart = restart
        request.memory = memory
        request.cpus = cpus
        request.network = network
        request.labels = labels
        request.registryAuth = registryAuth
        request.metadata = metadata
        request.settings = settings
        request.volumes = volumes
        request.secrets = secrets
        request.owner = owner
        request.release = release
        request.update = update
        if !defaults.allowsPrivileges || !isAdmin {
            refusePrivileges(allowsAdmins: defaults.allowsPrivileges)
        }
        refuseHiding(request)
        limitWords(request)
        return request
    }

    mutating func fault(_ field: String, _ message: String) {
        faults.append(FieldFault(field: field, message: message))
    }

    /// The field's value; nil if it is missing or `null`.
    func given(_ name: String) -> JSONValue? {
        Self.given(name, in: members)
    }

    static func given(_ name: String, in members: [JSONMember]) -> JSONValue? {
        members.first { $0.name == name && !$0.value.isNull }?.value
    }

    /// The text of a value, if it is given; anything but a string is a fault.
    mutating func string(_ value: JSONValue?, _ field: String) -> String? {
        guard let value else { return nil }
        guard let text = value.string else {
            fault(field, "must be a string, not \(value.kind)")
            return nil
        }
        guard !text.utf8.contains(0) else {
            fault(field, "must not contain a null character")
            return nil
        }
        return text
    }

    /// The members of a value, if it is given; anything but an object is a fault.
    mutating func object(_ value: JSONValue?, _ field: String) -> [JSONMember]? {
        guard let value else { return nil }
        guard let members = value.members else {
            fault(field, "must be an object, not \(value.kind)")
            return nil
        }
        return members
    }

    /// Decodes a choice of words; returns the default if the field is missing or has a fault.
    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ field: String,
        _ standard: Choice,
        in members: [JSONMember]? = nil,
        path: String = ""
    ) -> Choice {
        guard let value = Self.given(field, in: members ?? self.members) else { return standard }
        if let choice = value.string.flatMap(Choice.init(rawValue:)) { return choice }
        fault(path + field, "must be \(Self.either(Choice.allCases.map { "\"\($0.rawValue)\"" }))")
        return standard
    }

    /// Refuses unknown members, and suggests the most similar known one.
    mutating func refuseUnknown(_ members: [JSONMember], known: [String], path: String) {
        let names = Set(known)
        let all = "unknown field; known are \(known.joined(separator: ", "))"
        // A long name is never a known one, and is not worth a search.
        for member in members where member.name.utf8.count > 80 || !names.contains(member.name) {
            suggestionsLeft -= 1
            let near = suggestionsLeft >= 0 ? NearName.of(member.name, among: known) : nil
            fault(
                path + member.name.excerpt,
                near.map { "unknown field; did you mean \($0)?" } ?? all
            )
        }
    }

    /// The words as a list for people: `a, b or c`.
    static func either(_ words: [String]) -> String {
        guard words.count > 1, let last = words.last else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " or " + last
    }
}

extension JSONValue {
    /// The kind of the value with its article.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .decimal: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
