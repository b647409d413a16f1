/// Turns a request's JSON into a request whose every value has been checked.
public struct RequestDecoder: Sendable {
    /// What stands in for fields that are not given.
    public let defaults: RequestDefaults

    /// A decoder with these defaults.
    public init(defaults: RequestDefaults) {
        self.defaults = defaults
    }

    /// The request; throws all of its faults.
    ///
    /// `folder` is the text as given: where it lies is not checked here. `null` in an optional
    /// field asks for its default.
    /// - Parameter isAdmin: whether an admin asks, as everybody is where there are no tokens.
    public func decode(
        _ json: JSONValue,
        isAdmin: Bool = true
    ) throws(RequestFaults) -> DeploymentRequest {
        guard let members = json.members else {
            let fault = FieldFault(field: "", message: "the request must be a JSON object")
            throw RequestFaults(faults: [fault])
        }
        var decoding = RequestDecoding(members: members)
        let request = decoding.request(defaults, isAdmin)
        guard decoding.faults.isEmpty, let request else {
            throw RequestFaults(faults: decoding.faults)
        }
        return request
    }

    /// The ports of a request's `ports` object.
    public static func ports(json: JSONValue) throws(RequestFaults) -> [PortMapping] {
        var decoding = RequestDecoding(members: [JSONMember("ports", json)])
        let ports = decoding.ports([])
        guard decoding.faults.isEmpty else { throw RequestFaults(faults: decoding.faults) }
        return ports
    }
}

/// What stands in for a request's fields that are not given.
public struct RequestDefaults: Sendable, Equatable {
    /// For `registry_image`.
    public var image = "ghcr.io/fractalic-ai/fractalic:latest"
    /// What the app's name follows in a container's name.
    public var containerPrefix = "fractalic-"
    /// For `ports`, in ascending order.
    public var ports = [
        PortMapping(name: "frontend", container: 3000),
        PortMapping(name: "mcp_manager", container: 5859),
        PortMapping(name: "backend", container: 8000),
        PortMapping(name: "ai_server", container: 8001),
    ]
    /// Whether admins may give a container more of the machine than others have.
    public var allowsPrivileges = false

    /// The defaults of a server without options.
    public init() {}
}

/// What is wrong with one field of a request.
public struct FieldFault: Sendable, Equatable {
    /// The field's path: `ports.frontend.host`; empty for the request as a whole.
    public let field: String
    /// What is wrong and what is allowed, for a person.
    public let message: String

    /// A fault of a field.
    public init(field: String, message: String) {
        self.field = field
        self.message = message
    }
}

/// Everything that is wrong with a request.
public struct RequestFaults: Error, Equatable, CustomStringConvertible {
    /// In the order in which the fields are checked; never empty.
    public let faults: [FieldFault]

    /// What is wrong; at least one fault.
    public init(faults: [FieldFault]) {
        self.faults = faults
    }

    /// One line.
    public var description: String {
        faults.map { $0.field.isEmpty ? $0.message : "\($0.field) \($0.message)" }
            .joined(separator: "; ")
    }
}
