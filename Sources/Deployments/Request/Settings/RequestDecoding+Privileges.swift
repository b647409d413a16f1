/// Decodes the privileges of a container.
extension RequestDecoding {
    static let privilegeFields = [
        "gpus", "devices", "cap_add", "security_opt", "privileged", "pid", "ipc",
    ]

    mutating func privileges() -> ContainerSettings.Privileges {
        var privileges = ContainerSettings.Privileges()
        privileges.isPrivileged = boolean(given("privileged"), "privileged") ?? false
        privileges.capabilities = capabilities("cap_add")
        privileges.security = list(
            "security_opt",
            "[\"no-new-privileges\"]",
            rule: """
                must be no-new-privileges, label=…, apparmor=…, seccomp=unconfined or \
                seccomp=builtin
                """,
            Self.isSecurityOption
        )
        privileges.devices = devices()
        privileges.graphics = graphics()
        privileges.processes = sharing("pid", ["host"])
        privileges.sharedMemory = sharing("ipc", ["host", "private", "shareable", "none"])
        return privileges
    }

    /// Refuses the fields in this file if the caller may not use them.
    mutating func refusePrivileges(allowsAdmins: Bool) {
        for field in Self.privilegeFields {
            // A field that asks for nothing is allowed.
            guard let value = given(field), value.bool != false, value.elements?.isEmpty != true
            else { continue }
            fault(
                field,
                allowsAdmins
                    ? "is only for admins"
                    : "is refused by this server; --allow-privileged allows it"
            )
        }
    }

    /// Whether the option is safe. For some options the client would read a file, which would be
    /// one of the server's.
    private static func isSecurityOption(_ text: String) -> Bool {
        let parts = text.split(maxSplits: 1) { $0 == "=" || $0 == ":" }
        let value = parts.count > 1 ? parts[1] : ""
        switch parts.first {
        case "no-new-privileges": return ["", "true", "false"].contains(value)
        case "seccomp": return ["unconfined", "builtin"].contains(value)
        case "label", "apparmor":
            return (1...255).contains(value.utf8.count)
                && value.utf8.allSatisfy { $0.isNameByte || ":,/".utf8.contains($0) }
        default: return false
        }
    }

    /// Decodes `source[:target[:permissions]]`, or an object of them.
    private mutating func devices() -> [ContainerSettings.Device] {
        var devices: [ContainerSettings.Device] = []
        let list = elements(given("devices"), "devices", "[\"/dev/ttyUSB0:/dev/tty1:rw\"]")
        for (index, element) in list.enumerated() {
            let field = "devices[\(index)]"
            var source: JSONValue?
            var target: JSONValue?
            var permissions = "rwm"
            if let members = element.members {
                refuseUnknown(
                    members,
                    known: ["source", "target", "permissions"],
                    path: "\(field)."
                )
                source = Self.given("source", in: members)
                target = Self.given("target", in: members)
                if let value = Self.given("permissions", in: members) {
                    permissions = value.string ?? ""
                }
            } else if let text = element.string {
                let parts = text.bytewise(":")
                source = .string(parts[0])
                if parts.count > 1 { target = .string(parts[1]) }
                if parts.count > 2 { permissions = parts[2] }
                if parts.count > 3 { permissions = "" }
            }
            guard let source else {
                fault(field, "must be a string, \"/dev/ttyUSB0\", or an object with source")
                continue
            }
            guard !permissions.isEmpty, permissions.allSatisfy({ "rwm".contains($0) }),
                permissions.utf8.count <= 3
            else {
                fault(field, "must end with permissions of 'r', 'w' and 'm', or without any")
                continue
            }
            let example = "/dev/ttyUSB0"
            guard let path = absolutePath(source, field, example),
                let place = absolutePath(target ?? source, field, example)
            else { continue }
            guard !(path + place).utf8.contains(UInt8(ascii: ":")) else {
                fault(field, "must not have ':' in a path")
                continue
            }
            devices.append(.init(source: path, target: place, permissions: permissions))
        }
        return devices
    }

    /// Decodes `"all"`, a number, or an array of one object in the form of Compose.
    private mutating func graphics() -> ContainerSettings.Graphics? {
        guard let value = given("gpus") else { return nil }
        let field = "gpus"
        var graphics = ContainerSettings.Graphics()
        if value.string == "all" {
            graphics.count = -1
            return graphics
        }
        if value.integer != nil {
            guard let count = integer(value, field, in: 1...1000) else { return nil }
            graphics.count = count
            return graphics
        }
        guard let elements = value.elements, elements.count == 1,
            let members = elements[0].members
        else {
            fault(field, "must be \"all\", a whole number, or an array of one object")
            return nil
        }
        refuseUnknown(members, known: ["driver", "count", "device_ids"], path: "gpus[0].")
        if let driver = string(Self.given("driver", in: members), "gpus[0].driver") {
            if Self.isName(driver), driver.utf8.count <= 100 {
                graphics.driver = driver
            } else {
                fault("gpus[0].driver", "must be the name of a driver: \"nvidia\"")
            }
        }
        graphics.devices = list(
            "device_ids",
            "[\"0\"]",
            in: members,
            path: "gpus[0].",
            rule: "must be a device's number or id"
        ) { (1...100).contains($0.utf8.count) && $0.utf8.allSatisfy(\.isNameByte) }
        let count = Self.given("count", in: members)
        if graphics.devices.isEmpty {
            let isAll = count == nil || count?.string == "all"
            graphics.count = isAll ? -1 : integer(count, "gpus[0].count", in: 1...1000) ?? -1
        } else if count != nil {
            fault("gpus[0].count", "must be left out if there are device_ids")
        }
        return graphics
    }

    private mutating func sharing(_ field: String, _ words: [String]) -> String? {
        guard let text = string(given(field), field) else { return nil }
        if words.contains(text) { return text }
        let name = text.hasPrefix("container:") ? text.dropFirst("container:".count) : ""
        guard Self.isContainerName(String(name)) else {
            let known = words.map { "\"\($0)\"" } + ["\"container:NAME\""]
            fault(field, "must be \(Self.either(known))")
            return nil
        }
        return text
    }
}
