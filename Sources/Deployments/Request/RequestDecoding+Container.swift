/// Decodes how the container is created: the values that `docker create` takes directly.
extension RequestDecoding {
    mutating func command() -> [String] {
        given("command").map { words($0, "command") } ?? []
    }

    /// Decodes the words of a program and its arguments.
    mutating func words(_ value: JSONValue, _ field: String) -> [String] {
        guard let elements = value.elements else {
            fault(
                field,
                "must be an array of strings, not \(value.kind): [\"serve\", \"--port\"]"
            )
            return []
        }
        var words: [String] = []
        for (index, element) in elements.enumerated() {
            if element.isNull { fault("\(field)[\(index)]", "must be a string, not null") }
            guard !element.isNull, let word = string(element, "\(field)[\(index)]") else {
                continue
            }
            if index == 0, word.isEmpty, field != "entrypoint" {
                fault("\(field)[0]", "must not be empty")
            }
            if word.utf8.count > Self.wordLimit {
                fault("\(field)[\(index)]", Self.tooLong(word.utf8.count))
            }
            words.append(word)
        }
        return words
    }

    mutating func restart() -> String {
        let standard = "unless-stopped"
        guard let value = given("restart") else { return standard }
        if let text = value.string {
            if ["no", "always", "unless-stopped", "on-failure"].contains(text) { return text }
            let count = text.split(separator: ":", omittingEmptySubsequences: false)
            if count.count == 2, count[0] == "on-failure", count[1].utf8.allSatisfy(\.isDigit),
                Int32(count[1]) != nil
            {
                return text
            }
        }
        fault(
            "restart",
            "must be \"no\", \"always\", \"unless-stopped\", \"on-failure\" or \"on-failure:3\""
        )
        return standard
    }

    /// Decodes the limit of memory; the engine's own minimum is 6 MB.
    mutating func memory() -> String? {
        guard let value = given("memory") else { return nil }
        guard let bytes = value.integer ?? value.string.flatMap(DeploymentRequest.memoryBytes)
        else {
            fault(
                "memory",
                "must be a whole number of bytes, or one with b, k, m or g, as in \"64m\" or \"1g\""
            )
            return nil
        }
        guard bytes >= 6 << 20 else {
            fault("memory", "must be at least 6 MB (\"6m\")")
            return nil
        }
        return value.string?.lowercased() ?? String(bytes)
    }

    /// Decodes the limit of processors as a decimal number, because the engine counts billionths of
    /// a processor.
    mutating func cpus() -> String? {
        guard let value = given("cpus") else { return nil }
        let text: String? =
            switch value {
            case .integer(let number): String(number)
            case .decimal: value.number.map { "\($0)" }
            case .string(let text): text
            default: nil
            }
        let parts = text?.split(separator: ".", omittingEmptySubsequences: false) ?? []
        guard let text, (1...2).contains(parts.count),
            parts.allSatisfy({ (1...9).contains($0.utf8.count) && $0.utf8.allSatisfy(\.isDigit) }),
            let number = Double(text), number >= 0.01
        else {
            fault("cpus", "must be a decimal number of at least 0.01, as in 1.5")
            return nil
        }
        return text
    }

    mutating func network(ports: [PortMapping]) -> String? {
        guard let text = string(given("network"), "network") else { return nil }
        let container = text.hasPrefix("container:") ? text.dropFirst("container:".count) : nil
        guard Self.isName(container.map(String.init) ?? text), text.utf8.count <= 255 else {
            fault(
                "network",
                """
                must be a network's name: letters, digits, '_', '.' and '-', beginning with a \
                letter or digit
                """
            )
            return nil
        }
        if text == "host" || text == "none" || container != nil, !ports.isEmpty {
            fault(
                "network",
                "\"\(text)\" publishes no ports: set ports to {}, or name another network"
            )
            return nil
        }
        return text
    }

    mutating func labels() -> [String: String] {
        var labels: [String: String] = [:]
        for member in object(given("labels"), "labels") ?? [] {
            let field = "labels.\(member.name.excerpt)"
            if member.name.utf8.starts(with: "slipway.".utf8) {
                fault(field, "must not begin with 'slipway.', which is reserved for the server")
            } else if member.name.isEmpty
                || member.name.utf8.contains(where: { $0 == UInt8(ascii: "=") || $0 <= 0x20 })
            {
                fault(field, "must have a name that is not empty and without '=' and blanks")
            } else if member.value.isNull {
                fault(field, "must be a string, not null")
            } else if let value = string(member.value, field) {
                // Docker receives both as one word with '=' between them.
                let count = member.name.utf8.count + 1 + value.utf8.count
                if count > Self.wordLimit { fault(field, Self.tooLong(count)) }
                labels[member.name] = value
            }
        }
        return labels
    }

    /// The greatest length of one word in bytes; the kernel passes on at most 128 KiB.
    static let wordLimit = 102_400
    /// The greatest length of all words in bytes; the kernel passes on at most 2 MiB.
    private static let allWordsLimit = 1 << 20

    static func tooLong(_ count: Int) -> String {
        "must not be longer than 100 KiB; it has \(count) bytes"
    }

    /// Refuses words that together are longer than the kernel passes on. The fault is in the field
    /// that has most of them.
    mutating func limitWords(_ request: DeploymentRequest) {
        func size(_ words: [String]) -> Int { words.reduce(0) { $0 + $1.utf8.count + 1 } }
        func size(_ pairs: [String: String]) -> Int {
            pairs.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 2 }
        }
        let sizes = [
            ("command", size(request.command)), ("labels", size(request.labels)),
            ("env_vars", size(request.environmentValues)),
            ("entrypoint", size(request.settings.entrypoint ?? [])),
            ("release_command", size(request.release?.words ?? [])),
            ("secrets", size(request.secrets)),
            ("build.args", size(request.build?.arguments ?? [:])),
        ]
        let all = sizes.reduce(0) { $0 + $1.1 }
        guard all > Self.allWordsLimit, let most = sizes.max(by: { $0.1 < $1.1 }) else { return }
        fault(
            most.0,
            "must not be longer than 1 MiB together with command, entrypoint, release_command,"
                + " labels, secrets, env_vars and build.args: they have \(all) bytes"
        )
    }

    /// Decodes the credentials in that field.
    mutating func credentials(_ name: String) -> Credentials? {
        guard let members = object(given(name), name) else { return nil }
        refuseUnknown(members, known: ["username", "password"], path: "\(name).")
        let username = credential("\(name).username", Self.given("username", in: members))
        let password = credential("\(name).password", Self.given("password", in: members))
        if username?.utf8.contains(UInt8(ascii: ":")) == true {
            fault("\(name).username", "must not contain ':'")
        }
        guard let username, let password else { return nil }
        return Credentials(username: username, password: password)
    }

    private mutating func credential(_ field: String, _ value: JSONValue?) -> String? {
        guard let value else {
            fault(field, "is required")
            return nil
        }
        guard let text = string(value, field) else { return nil }
        guard !text.isEmpty, !text.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D }) else {
            fault(field, "must not be empty and must not contain a line break")
            return nil
        }
        return text
    }

    mutating func metadata() -> JSONValue? {
        guard let value = given("metadata") else { return nil }
        guard object(value, "metadata") != nil else { return nil }
        let size = value.text.utf8.count
        guard size <= 4096 else {
            fault("metadata", "must not be longer than 4 KiB as compact JSON; it has \(size) bytes")
            return nil
        }
        return value
    }
}
