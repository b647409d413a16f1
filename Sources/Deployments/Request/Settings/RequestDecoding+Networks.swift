/// Decodes the networks of a container and the host names that it knows.
extension RequestDecoding {
    /// Decodes a list of `name:address` or `name=address`, or an object of addresses by name.
    mutating func hosts() -> [ContainerSettings.HostEntry] {
        guard let value = given("extra_hosts") else { return [] }
        var entries: [(field: String, name: String, address: JSONValue)] = []
        if value.members != nil {
            for member in table(value, "extra_hosts") {
                let field = "extra_hosts.\(member.name.excerpt)"
                let addresses = member.value.elements ?? [member.value]
                entries += addresses.map { (field, member.name, $0) }
            }
        } else {
            let example = "[\"db:192.0.2.7\"]"
            for (index, element) in elements(value, "extra_hosts", example).enumerated() {
                let field = "extra_hosts[\(index)]"
                if element.isNull { fault(field, "must be a string, not null") }
                guard !element.isNull, let text = string(element, field) else { continue }
                // An IPv6 address has colons of its own, so the first sign counts.
                guard let sign = text.firstIndex(where: { $0 == ":" || $0 == "=" }) else {
                    fault(field, "must be a name and an address: \"db:192.0.2.7\"")
                    continue
                }
                let address = String(text[text.index(after: sign)...])
                entries.append((field, String(text[..<sign]), .string(address)))
            }
        }
        var hosts: [ContainerSettings.HostEntry] = []
        if entries.count > Self.listLimit {
            fault("extra_hosts", "must not have more than \(Self.listLimit) addresses")
        }
        for entry in entries.prefix(Self.listLimit) {
            guard Self.isHostName(entry.name) else {
                fault(entry.field, "must have the name of a host")
                continue
            }
            guard var address = string(entry.address, entry.field) else { continue }
            if address.hasPrefix("["), address.hasSuffix("]") {
                address = String(address.dropFirst().dropLast())
            }
            guard
                address == "host-gateway" || PortAddress.isIPv4(address)
                    || PortAddress.isIPv6(address)
            else {
                fault(entry.field, "must have an IP address, or \"host-gateway\"")
                continue
            }
            hosts.append(.init(name: entry.name, address: address))
        }
        return hosts
    }

    /// Decodes a list of names, or an object with aliases by name.
    mutating func networks() -> [ContainerSettings.Attachment] {
        guard let value = given("networks") else { return [] }
        var networks: [ContainerSettings.Attachment] = []
        let isTable = value.members != nil
        let entries: [(field: String, name: JSONValue, settings: JSONValue)] =
            isTable
            ? table(value, "networks").map {
                ("networks.\($0.name.excerpt)", .string($0.name), $0.value)
            }
            : elements(value, "networks", "[\"front\"]").enumerated().map {
                ("networks[\($0.offset)]", $0.element, .null)
            }
        for entry in entries {
            guard let name = entry.name.string, Self.isName(name), name.utf8.count <= 255,
                !["host", "none", "default", "bridge"].contains(name)
            else {
                fault(
                    entry.field,
                    "must be the name of a network that was made for containers: letters, digits,"
                        + " '_', '.' and '-'"
                )
                continue
            }
            var attachment = ContainerSettings.Attachment(network: name)
            if !entry.settings.isNull, let members = object(entry.settings, entry.field) {
                refuseUnknown(members, known: ["aliases"], path: "\(entry.field).")
                attachment.aliases = list(
                    "aliases",
                    "[\"api\"]",
                    in: members,
                    path: "\(entry.field).",
                    rule: "must be the name of a host",
                    Self.isHostName
                )
            }
            guard !networks.contains(where: { $0.network == name }) else {
                fault(entry.field, "is named twice")
                continue
            }
            networks.append(attachment)
        }
        if let network = given("network")?.string, !networks.isEmpty,
            ["host", "none"].contains(network) || network.hasPrefix("container:")
        {
            fault("networks", "cannot be used together with network \"\(network.excerpt)\"")
        }
        return networks
    }
}
