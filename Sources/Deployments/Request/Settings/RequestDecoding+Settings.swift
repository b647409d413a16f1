/// Decodes the fields of the container's settings.
extension RequestDecoding {
    static let settingsFields = [
        "entrypoint", "user", "working_dir", "hostname", "init", "read_only", "tmpfs", "shm_size",
        "ulimits", "pids_limit", "cap_drop", "extra_hosts", "dns", "stop_signal",
        "stop_grace_period", "healthcheck", "networks", "logging",
    ]

    mutating func settings() -> ContainerSettings {
        var settings = ContainerSettings()
        settings.entrypoint = entrypoint()
        settings.user = user("user")
        settings.workingFolder = absolutePath(
            given("working_dir"),
            "working_dir",
            "/srv/app",
            allowsRoot: true
        )
        settings.hostname = hostname()
        settings.hasInit = boolean(given("init"), "init")
        settings.isReadOnly = boolean(given("read_only"), "read_only") ?? false
        settings.tmpfs = tmpfs()
        settings.sharedMemory = bytes(given("shm_size"), "shm_size")
        settings.resourceLimits = resourceLimits()
        settings.processLimit = integer(given("pids_limit"), "pids_limit", in: -1...4_194_304)
        settings.droppedCapabilities = capabilities("cap_drop")
        settings.hosts = hosts()
        settings.nameServers = list(
            "dns",
            "[\"192.0.2.53\"]",
            single: true,
            rule: "must be an IP address without brackets or port: 192.0.2.53"
        ) { PortAddress.isIPv4($0) || PortAddress.isIPv6($0) }
        settings.stopSignal = stopSignal()
        settings.stopGracePeriod = integer(
            given("stop_grace_period"),
            "stop_grace_period",
            in: 0...3600
        ).map(Int.init)
        settings.check = check()
        settings.networks = networks()
        settings.logging = logging()
        settings.privileges = privileges()
        return settings
    }

    // MARK: The program

    /// Decodes one word, or an array of words. Without any word it removes the image's own.
    private mutating func entrypoint() -> [String]? {
        guard let value = given("entrypoint") else { return nil }
        if let text = value.string {
            if text.isEmpty { return [] }
            guard !text.contains(where: \.isWhitespace) else {
                fault("entrypoint", "must be an array if it has several words: [\"sh\", \"-c\"]")
                return nil
            }
        }
        let list = value.string.map { JSONValue.array([.string($0)]) } ?? value
        let words = words(list, "entrypoint")
        return words.first == "" ? [] : words
    }

    /// Decodes `name`, `1000` or `1000:1000`.
    mutating func user(_ field: String) -> String? {
        guard let text = string(given(field), field) else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let isPart = { (part: Substring) in
            guard let first = part.utf8.first, first.isAlphanumeric || first == UInt8(ascii: "_")
            else { return false }
            let rest = part.utf8.last == UInt8(ascii: "$") ? part.utf8.dropLast() : part.utf8[...]
            // The kernel's ids have 32 bits; the largest one stands for none.
            guard rest.allSatisfy(\.isDigit) else { return rest.allSatisfy(\.isNameByte) }
            return UInt32(part).map { $0 < .max } ?? false
        }
        guard (1...2).contains(parts.count), parts.allSatisfy(isPart), text.utf8.count <= 100 else {
            fault(
                field,
                "must be a user, or a user and a group: \"app\", \"1000\" or \"1000:1000\""
            )
            return nil
        }
        return text
    }

    private mutating func hostname() -> String? {
        guard let text = string(given("hostname"), "hostname") else { return nil }
        guard Self.isHostName(text), text.utf8.count <= 64 else {
            fault(
                "hostname",
                """
                must be 1 to 64 letters, digits, '-' and '.', each part beginning and ending with a \
                letter or digit
                """
            )
            return nil
        }
        return text
    }

    /// Whether the text is a host name as in RFC 1123 (section 2.1); '_' is allowed, too, because
    /// names of containers have it.
    static func isHostName(_ text: String) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        return text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .allSatisfy { label in
                guard let first = label.first, let last = label.last, label.count <= 63 else {
                    return false
                }
                return first.isAlphanumeric && last.isAlphanumeric
                    && label.allSatisfy {
                        $0.isAlphanumeric || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
                    }
            }
    }

    private mutating func stopSignal() -> String? {
        guard let value = given("stop_signal") else { return nil }
        let text = value.string ?? value.integer.map(String.init)
        let name = text?.utf8 ?? "".utf8
        let isNumber = name.allSatisfy(\.isDigit)
        guard let text,
            isNumber
                ? Int(text).map({ (1...64).contains($0) }) ?? false : (2...20).contains(name.count),
            name.allSatisfy({
                $0.isAlphanumeric || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-")
            }),
            name.first?.isAlphanumeric == true
        else {
            fault("stop_signal", "must be a signal's name or number: \"SIGINT\", \"INT\" or 2")
            return nil
        }
        return text.uppercased()
    }

    // MARK: File systems and limits

    /// Decodes a path, several paths, or paths with docker's options after a colon.
    private mutating func tmpfs() -> [String: String] {
        guard let value = given("tmpfs") else { return [:] }
        var table: [String: String] = [:]
        let isOne = value.string != nil
        let list = isOne ? [value] : elements(value, "tmpfs", "[\"/run\", \"/tmp:size=64m\"]")
        for (index, element) in list.enumerated() {
            let field = isOne ? "tmpfs" : "tmpfs[\(index)]"
            guard let text = string(element.isNull ? .bool(false) : element, field) else {
                continue
            }
            let parts = text.bytewise(":", most: 2)
            let options = parts.count > 1 ? parts[1] : ""
            guard let path = absolutePath(.string(parts.first ?? ""), field, "/run") else {
                continue
            }
            let isOption = { (byte: UInt8) in byte.isNameByte || ",=%".utf8.contains(byte) }
            guard options.utf8.allSatisfy(isOption), options.utf8.count <= 1000 else {
                fault(field, "must have options such as size=64m,mode=1777 behind the colon")
                continue
            }
            if let place = EngineMounts.place(over: path), place != "/dev" || path == "/dev" {
                fault(field, "must not lie in \(place): the engine mounts something over it")
                continue
            }
            table[path] = options
        }
        return table
    }

    private static let resources: Set = [
        "as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile",
        "nproc", "rss", "rtprio", "rttime", "sigpending", "stack",
    ]

    private mutating func resourceLimits() -> [String: ContainerSettings.ResourceLimit] {
        var limits: [String: ContainerSettings.ResourceLimit] = [:]
        for member in table(given("ulimits"), "ulimits") {
            let field = "ulimits.\(member.name.excerpt)"
            guard Self.resources.contains(member.name) else {
                let known = Self.resources.sorted().joined(separator: ", ")
                fault(field, "is not a known resource; known are \(known)")
                continue
            }
            let range = Int64(-1)...Int64.max
            if member.value.integer != nil {
                guard let number = integer(member.value, field, in: range) else { continue }
                limits[member.name] = .init(soft: number, hard: number)
                continue
            }
            guard let members = member.value.members else {
                fault(field, "must be a whole number, or an object with soft and hard")
                continue
            }
            refuseUnknown(members, known: ["soft", "hard"], path: "\(field).")
            let soft = Self.given("soft", in: members)
            let hard = Self.given("hard", in: members)
            if soft == nil { fault("\(field).soft", "is required") }
            if hard == nil { fault("\(field).hard", "is required") }
            guard let soft = integer(soft, "\(field).soft", in: range),
                let hard = integer(hard, "\(field).hard", in: range)
            else { continue }
            guard hard == -1 || (soft != -1 && soft <= hard) else {
                fault("\(field).soft", "must not be more than hard")
                continue
            }
            limits[member.name] = .init(soft: soft, hard: hard)
        }
        return limits
    }

    mutating func capabilities(_ field: String) -> [String] {
        list(
            field,
            "[\"NET_RAW\"]",
            rule: "must be a capability's name, as in \"NET_RAW\", or \"ALL\""
        ) { name in
            (2...40).contains(name.utf8.count)
                && name.utf8.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "_") }
        }.map { $0.uppercased() }
    }

    // MARK: Health check and log

    private mutating func check() -> ContainerSettings.Check? {
        let field = "healthcheck"
        guard let members = object(given(field), field) else { return nil }
        refuseUnknown(
            members,
            known: ["test", "interval", "timeout", "retries", "start_period", "disable"],
            path: "healthcheck."
        )
        var check = ContainerSettings.Check(test: .inherited)
        if let test = Self.given("test", in: members) { check.test = self.test(test) }
        func seconds(_ name: String) -> Int64? {
            milliseconds(Self.given(name, in: members), "healthcheck.\(name)", in: 0...86_400)
        }
        check.interval = seconds("interval")
        check.timeout = seconds("timeout")
        check.startPeriod = seconds("start_period")
        check.retries = integer(
            Self.given("retries", in: members),
            "healthcheck.retries",
            in: 0...1000
        )
        if boolean(Self.given("disable", in: members), "healthcheck.disable") == true {
            if check.test != .inherited, check.test != .none {
                fault("healthcheck.disable", "must not be true if there is a test")
            }
            check = ContainerSettings.Check(test: .none)
        }
        return check
    }

    /// Decodes a line for the shell, or an array that begins with `CMD`, `CMD-SHELL` or `NONE`.
    private mutating func test(_ value: JSONValue) -> ContainerSettings.Check.Test {
        let field = "healthcheck.test"
        if value.string != nil {
            guard let text = string(value, field) else { return .inherited }
            if text.isEmpty { fault(field, "must not be empty") }
            if text.utf8.count > Self.wordLimit { fault(field, Self.tooLong(text.utf8.count)) }
            return .shell(text)
        }
        let words = words(value, field)
        switch words.first {
        case "NONE" where words.count == 1: return .none
        case "CMD" where words.count > 1: return .command(Array(words.dropFirst()))
        case "CMD-SHELL" where words.count == 2 && !words[1].isEmpty: return .shell(words[1])
        default:
            if value.elements != nil {
                fault(
                    field,
                    """
                    must be [\"CMD\", program, …], [\"CMD-SHELL\", line], [\"NONE\"] or a line for \
                    the shell
                    """
                )
            }
            return .inherited
        }
    }

    private mutating func logging() -> ContainerSettings.Logging? {
        guard let members = object(given("logging"), "logging") else { return nil }
        refuseUnknown(members, known: ["driver", "options"], path: "logging.")
        var logging = ContainerSettings.Logging()
        if let driver = string(Self.given("driver", in: members), "logging.driver") {
            // The name of a plugin has the form of an image's name.
            let isRight = driver.utf8.allSatisfy { $0.isNameByte || "/:".utf8.contains($0) }
            if isRight, driver.utf8.first?.isAlphanumeric == true, driver.utf8.count <= 255 {
                logging.driver = driver
            } else {
                fault("logging.driver", "must be the name of a log driver: \"json-file\"")
            }
        }
        for member in table(Self.given("options", in: members), "logging.options") {
            let field = "logging.options.\(member.name.excerpt)"
            let text =
                member.value.string ?? member.value.integer.map(String.init)
                ?? member.value.bool.map { $0 ? "true" : "false" }
            guard !member.name.isEmpty, member.name.utf8.allSatisfy(\.isNameByte) else {
                fault(field, "must have a name of letters, digits, '_', '.' and '-'")
                continue
            }
            guard let text, let value = line(.string(text), field) else {
                if text == nil { fault(field, "must be a string, not \(member.value.kind)") }
                continue
            }
            logging.options[member.name] = value
        }
        return logging
    }
}
