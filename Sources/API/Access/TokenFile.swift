import Deployments

/// The file with the tokens: `[{"name","token","tenant","role","apps"}]`.
public enum TokenFile {
    /// What is wrong with the file. It never contains a token.
    public typealias Fault = PrivateFile.Fault

    /// Reads the file, which must belong to the user and be readable by nobody else.
    ///
    /// - Parameter privateFolder: a folder in which files may be readable by others, because others
    ///   cannot enter it.
    public static func read(_ path: String, privateFolder: String?) throws(Fault) -> [Token] {
        try tokens(try PrivateFile.read(path, privateFolder: privateFolder))
    }

    /// What is wrong with a file's content; nil if nothing is.
    public static func fault(in content: [UInt8]) -> String? {
        do throws(Fault) {
            _ = try tokens(content)
            return nil
        } catch {
            return error.description
        }
    }

    /// Parses the tokens in a file's content.
    static func tokens(_ content: [UInt8]) throws(Fault) -> [Token] {
        let entries = try PrivateFile.entries(content, of: "tokens")
        var tokens: [Token] = []
        var (names, hashes): (Set<String>, Set<[UInt8]>) = ([], [])
        for (index, entry) in entries.enumerated() {
            let token = try token(entry, at: "[\(index)]")
            guard names.insert(token.name).inserted else {
                throw Fault("[\(index)].name: \(token.name) is used twice")
            }
            guard hashes.insert(token.hash).inserted else {
                throw Fault("[\(index)].token: another entry has the same token")
            }
            tokens.append(token)
        }
        return tokens
    }

    private static func token(_ json: JSONValue, at place: String) throws(Fault)
        -> Token
    {
        guard let members = json.members else {
            throw Fault("\(place): must be an object")
        }
        let known = ["name", "token", "tenant", "role", "apps"]
        if let other = members.first(where: { !known.contains($0.name) }) {
            throw Fault(
                "\(place).\(other.name.excerpt): unknown field; known are "
                    + known.joined(separator: ", ")
            )
        }
        let text = json["token"]?.string ?? ""
        guard (1...512).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw Fault("\(place).token: must be 1 to 512 visible ASCII characters")
        }
        guard let role = (json["role"]?.string).flatMap(Role.init(rawValue:)) else {
            let names = Role.allCases.map(\.rawValue).joined(separator: ", ")
            throw Fault("\(place).role: must be one of \(names)")
        }
        return Token(
            name: try PrivateFile.name(json["name"], "\(place).name", default: nil),
            text: text,
            role: role,
            accessScope: AccessScope(
                tenant: try PrivateFile.name(
                    json["tenant"],
                    "\(place).tenant",
                    default: AccessScope.standardTenant
                ),
                apps: try apps(json["apps"], "\(place).apps")
            )
        )
    }

    /// The apps of a token; nil for all apps.
    private static func apps(_ value: JSONValue?, _ place: String) throws(Fault) -> Set<
        String
    >? {
        guard let value, !value.isNull else { return nil }
        let names = value.elements?.map(\.string)
        guard let names, !names.contains(nil), !names.contains("") else {
            throw Fault("\(place): must be an array of names, or [\"*\"]")
        }
        let apps = Set(names.compactMap(\.self))
        guard apps.contains("*") else { return apps }
        guard apps.count == 1 else {
            throw Fault("\(place): * stands for all apps, so there must be no other entry")
        }
        return nil
    }
}
