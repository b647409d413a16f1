internal import Glibc

extension RequestDecoding {
    /// The greatest number of ports.
    static let portLimit = 100

    /// Decodes the ports in ascending order.
    mutating func ports(_ standard: [PortMapping]) -> [PortMapping] {
        guard let value = given("ports") else { return standard.sorted(by: Self.ascending) }
        guard let members = value.members else {
            fault("ports", "must be an object of ports by name, not \(value.kind)")
            return []
        }
        guard members.count <= Self.portLimit else {
            fault("ports", "must not have more than \(Self.portLimit) ports")
            return []
        }
        var ports: [PortMapping] = []
        var taken: [PortMapping.Transport: [UInt16: String]] = [:]
        for member in members {
            guard let port = port(member) else { continue }
            ports.append(port)
            guard let host = port.host else { continue }
            if let other = taken[port.transport]?[host] {
                fault("ports.\(member.name).host", "is port \(host), which \(other) uses already")
            }
            taken[port.transport, default: [:]][host] = member.name
        }
        return ports.sorted(by: Self.ascending)
    }

    private static func ascending(_ left: PortMapping, _ right: PortMapping) -> Bool {
        (left.container, left.name) < (right.container, right.name)
    }

    private mutating func port(_ member: JSONMember) -> PortMapping? {
        let path = "ports.\(member.name.excerpt)"
        let isNamed = (1...64).contains(member.name.utf8.count)
        guard isNamed, member.name.utf8.allSatisfy(\.isNameByte) else {
            fault(path, "must have a name of 1 to 64 letters, digits, '_', '.' and '-'")
            return nil
        }
        if case .integer = member.value {
            return number(member.value, path).map { PortMapping(name: member.name, container: $0) }
        }
        guard let fields = member.value.members else {
            fault(
                path,
                "must be a whole number from 1 to 65535, or an object with one as container"
            )
            return nil
        }
        refuseUnknown(
            fields,
            known: ["container", "host", "bind", "path", "protocol"],
            path: "\(path)."
        )
        let host = Self.given("host", in: fields).flatMap { number($0, "\(path).host") }
        let bind = bind(Self.given("bind", in: fields), "\(path).bind")
        let probe = self.path(Self.given("path", in: fields), "\(path).path")
        let transport = choice(
            "protocol",
            PortMapping.Transport.tcp,
            in: fields,
            path: "\(path)."
        )
        if transport == .udp, probe != nil {
            fault(
                "\(path).path",
                "must be left out if protocol is \"udp\", because such a port is not probed"
            )
        }
        guard let value = Self.given("container", in: fields) else {
            fault("\(path).container", "is required")
            return nil
        }
        guard let container = number(value, "\(path).container") else { return nil }
        return PortMapping(
            name: member.name,
            container: container,
            host: host,
            bind: bind,
            path: probe,
            transport: transport
        )
    }

    private mutating func number(_ value: JSONValue, _ field: String) -> UInt16? {
        guard let number = value.integer.flatMap(UInt16.init(exactly:)), number > 0 else {
            fault(field, "must be a whole number from 1 to 65535")
            return nil
        }
        return number
    }

    private mutating func bind(_ value: JSONValue?, _ field: String) -> String? {
        guard let text = string(value, field) else { return nil }
        guard PortAddress.isIPv4(text) || PortAddress.isIPv6(text) else {
            fault(field, "must be an IP address without brackets or port: 127.0.0.1 or ::1")
            return nil
        }
        return text
    }

    /// Decodes a path that can be part of a request line (RFC 9112 section 3.2.1).
    mutating func path(_ value: JSONValue?, _ field: String) -> String? {
        guard let text = string(value, field) else { return nil }
        guard text.hasPrefix("/"), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            !text.utf8.contains(UInt8(ascii: "#")), text.utf8.count <= 2000
        else {
            fault(
                field,
                """
                must begin with '/' and be at most 2,000 ASCII characters without blanks and '#'; \
                write others as %XX
                """
            )
            return nil
        }
        return text
    }
}

/// Recognises the text forms of IP addresses.
enum PortAddress {
    static func isIPv4(_ text: String) -> Bool {
        var address = in_addr()
        return unsafe inet_pton(AF_INET, text, &address) == 1
    }

    static func isIPv6(_ text: String) -> Bool {
        var address = in6_addr()
        return unsafe inet_pton(AF_INET6, text, &address) == 1
    }
}
