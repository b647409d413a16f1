/// Decodes and checks a request's JSON.
public struct RequestDecoder: Sendable {
    /// The values for fields that are not given.
    public let defaults: RequestDefaults

    /// Creates a decoder with these defaults.
    public init(defaults: RequestDefaults) {
        self.defaults = defaults
    }

    /// Decodes a request; throws all of its faults.
    ///
    /// The result's `folder` is the text as given; its location is not checked here. `null` in an
    /// optional field stands for the default.
    /// - Parameter isAdmin: whether the caller is an admin, as everybody is if there are no tokens.
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

    /// Decodes the ports of a request's `ports` object.
    public static func ports(json: JSONValue) throws(RequestFaults) -> [PortMapping] {
        var decoding = RequestDecoding(members: [JSONMember("ports", json)])
        let ports = decoding.ports([])
        guard decoding.faults.isEmpty else { throw RequestFaults(faults: decoding.faults) }
        return ports
    }
}

/// The values for fields of a request that are not given.
public struct RequestDefaults: Sendable, Equatable {
    /// The default of `registry_image`.
    public var image = "ghcr.io/fractalic-ai/fractalic:latest"
    /// The prefix of a container's default name, which the app's name follows.
    public var containerPrefix = "fractalic-"
    /// The default of `ports`, in ascending order.
    public var ports = [
        PortMapping(name: "frontend", container: 3000),
        PortMapping(name: "mcp_manager", container: 5859),
        PortMapping(name: "backend", container: 8000),
        PortMapping(name: "ai_server", container: 8001),
    ]
    /// Whether admins may request privileges for a container.
    public var allowsPrivileges = false

    /// Creates the defaults of a server without options.
    public init() {}
}

/// A fault in one field of a request.
public struct FieldFault: Sendable, Equatable {
    /// The field's path, such as `ports.frontend.host`; empty for the whole request.
    public let field: String
    /// What is wrong and what is allowed, for a person.
    public let message: String

    /// Creates a fault.
    public init(field: String, message: String) {
        self.field = field
        self.message = message
    }
}

/// All faults of a request.
public struct RequestFaults: Error, Equatable, CustomStringConvertible {
    /// The faults in the order in which the fields are checked; there is at least one.
    public let faults: [FieldFault]

    /// Creates the error from at least one fault.
    public init(faults: [FieldFault]) {
        self.faults = faults
    }

    /// All faults in one line.
    public var description: String {
        faults.map { $0.field.isEmpty ? $0.message : "\($0.field) \($0.message)" }
            .joined(separator: "; ")
    }
}
