public import Deployments

/// The file with the hooks, which says what pushes deploy:
/// `[{"name","forge","secret","tenant","deploy":[{"repository", "branch","request"}]}]`.
public enum HookFile {
    /// What is wrong with the file. It never contains a secret.
    public typealias Fault = PrivateFile.Fault

    /// Reads the file, which must belong to the user and be readable by nobody else.
    public static func read(
        _ path: String,
        privateFolder: String?,
        decoder: RequestDecoder
    ) throws(Fault) -> [Hook] {
        try hooks(try PrivateFile.read(path, privateFolder: privateFolder), decoder: decoder)
    }

    /// Parses the hooks in a file's content.
    static func hooks(
        _ content: [UInt8],
        decoder: RequestDecoder
    ) throws(Fault) -> [Hook] {
        let entries = try PrivateFile.entries(content, of: "hooks")
        var hooks: [Hook] = []
        var names: Set<String> = []
        for (index, entry) in entries.enumerated() {
            let hook = try hook(entry, at: "[\(index)]", decoder)
            guard names.insert(hook.name).inserted else {
                throw Fault("[\(index)].name: \(hook.name) is used twice")
            }
            hooks.append(hook)
        }
        return hooks
    }

    private static func hook(
        _ json: JSONValue,
        at place: String,
        _ decoder: RequestDecoder
    ) throws(Fault) -> Hook {
        try check(json, place, known: ["name", "forge", "secret", "tenant", "deploy"])
        guard let forge = json["forge"]?.string.flatMap(Hook.Forge.init(rawValue:)) else {
            let names = Hook.Forge.allCases.map(\.rawValue).joined(separator: ", ")
            throw Fault("\(place).forge: must be one of \(names)")
        }
        let secret = json["secret"]?.string ?? ""
        guard (16...512).contains(secret.utf8.count),
            secret.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw Fault("\(place).secret: must be 16 to 512 visible ASCII characters")
        }
        guard let entries = json["deploy"]?.elements, !entries.isEmpty else {
            throw Fault("\(place).deploy: must be an array with at least one entry")
        }
        var rules: [Hook.Rule] = []
        for (index, entry) in entries.enumerated() {
            let inner = "\(place).deploy[\(index)]"
            let rule = try rule(entry, at: inner, decoder)
            guard
                !rules.contains(where: {
                    $0.repository == rule.repository && $0.branch == rule.branch
                })
            else {
                throw Fault(
                    "\(inner): \(rule.branch) of \(rule.repository) is listed twice"
                )
            }
            rules.append(rule)
        }
        return Hook(
            name: try PrivateFile.name(json["name"], "\(place).name", default: nil),
            forge: forge,
            tenant: try PrivateFile.name(
                json["tenant"],
                "\(place).tenant",
                default: AccessScope.standardTenant
            ),
            secret: Array(secret.utf8),
            rules: rules
        )
    }

    private static func rule(
        _ json: JSONValue,
        at place: String,
        _ decoder: RequestDecoder
    ) throws(Fault) -> Hook.Rule {
        try check(json, place, known: ["repository", "branch", "request"])
        func text(_ name: String) throws(Fault) -> String {
            guard let text = json[name]?.string, (1...255).contains(text.utf8.count) else {
                throw Fault("\(place).\(name): must be a text of 1 to 255 bytes")
            }
            return text
        }
        let request: DeploymentRequest
        do throws(RequestFaults) {
            request = try decoder.decode(json["request"] ?? .null)
        } catch {
            let fault = error.faults.first
            let field = fault.map { $0.field.isEmpty ? "" : ".\($0.field)" } ?? ""
            throw Fault("\(place).request\(field): \(fault?.message ?? "")")
        }
        guard case .git(let git) = request.source, git.ref == nil else {
            throw Fault(
                "\(place).request.source: must have git and must not have ref, because the commit comes from the push"
            )
        }
        return Hook.Rule(
            repository: try text("repository").lowercased(),
            branch: try text("branch"),
            request: request
        )
    }

    private static func check(
        _ json: JSONValue,
        _ place: String,
        known: [String]
    ) throws(Fault) {
        guard let members = json.members else {
            throw Fault("\(place): must be an object")
        }
        guard let other = members.first(where: { !known.contains($0.name) }) else { return }
        throw Fault(
            "\(place).\(other.name.excerpt): unknown field; known are"
                + " \(known.joined(separator: ", "))"
        )
    }
}
