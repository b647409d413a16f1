extension RequestDecoding {
    /// Decodes the health policy. Its `paths` are added to the ports.
    mutating func health(ports: inout [PortMapping]) -> HealthPolicy {
        var policy = HealthPolicy()
        guard let members = object(given("health"), "health") else { return policy }
        refuseUnknown(members, known: ["timeout_seconds", "require", "paths"], path: "health.")
        // The name of a port is known even if the port itself has a fault.
        let given = (given("ports")?.members ?? []).prefix(Self.portLimit)
        let names = Set(ports.map(\.name) + given.map(\.name))
        let notAmong = Self.notAmong(names)
        if let value = Self.given("timeout_seconds", in: members) {
            if let seconds = value.integer, (1...3600).contains(seconds) {
                policy.timeoutSeconds = Int(seconds)
            } else {
                fault("health.timeout_seconds", "must be a whole number from 1 to 3600")
            }
        }
        if let value = Self.given("require", in: members) {
            policy.require = requirement(value, names, notAmong)
            if case .named(let required) = policy.require {
                let unprobed = Set(ports.filter { $0.transport == .udp }.map(\.name))
                for name in required where unprobed.contains(name) {
                    fault("health.require", "names \(name), which \(Self.unprobed)")
                }
            }
        }
        for member in object(Self.given("paths", in: members), "health.paths") ?? [] {
            let field = "health.paths.\(member.name.excerpt)"
            guard names.contains(member.name) else {
                fault(field, notAmong)
                continue
            }
            guard let path = path(member.value, field) else { continue }
            for index in ports.indices where ports[index].name == member.name {
                if ports[index].transport == .udp { fault(field, Self.unprobed) }
                if let other = ports[index].path, other != path {
                    fault(field, "differs from the path in ports.\(member.name)")
                }
                ports[index].path = path
            }
        }
        return policy
    }

    private mutating func requirement(
        _ value: JSONValue,
        _ names: Set<String>,
        _ notAmong: String
    ) -> HealthPolicy.Requirement {
        switch value {
        case .string("primary"): return .primary
        case .string("all"): return .all
        case .string("none"): return .none
        case .array(let elements) where !elements.isEmpty:
            var required: [String] = []
            for (index, element) in elements.enumerated() {
                let field = "health.require[\(index)]"
                guard let name = element.string else {
                    fault(field, "must be the name of a port, not \(element.kind)")
                    continue
                }
                if !names.contains(name) {
                    fault(field, notAmong)
                } else if !required.contains(name) {
                    required.append(name)
                }
            }
            return .named(required)
        default:
            fault(
                "health.require",
                "must be \"primary\", \"all\", \"none\" or an array of at least one port's name"
            )
            return .primary
        }
    }

    private static let unprobed = "is a UDP port and is not probed"

    private static func notAmong(_ names: Set<String>) -> String {
        names.isEmpty
            ? "is not a port: the request has none"
            : "is not a port: the ports are "
                + (names.sorted().prefix(10).map(\.excerpt) + (names.count > 10 ? ["…"] : []))
                .joined(separator: ", ")
    }
}
