import Deployments
import Foundation
import Glibc

/// The file that names the tokens: `[{"name","token","tenant","role","apps"}]`.
public enum TokenFile {
    /// What is wrong with the file; never says what a token is.
    public struct Fault: Error, CustomStringConvertible {
        /// For a person to read.
        public let description: String
    }

    private static let mostBytes = 1 << 20

    /// Reads the file, which must be the user's own and nobody else's to read.
    ///
    /// - Parameter privateFolder: what lies in it need not be so, because others cannot get there.
    public static func read(_ path: String, privateFolder: String?) throws(Fault) -> [Token] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw Fault(description: "cannot be read: \(unsafe String(cString: strerror(errno)))")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Fault(description: "is not a file")
        }
        let isTrusted =
            privateFolder.map { folder in
                !folder.isEmpty && path.hasPrefix("\(folder)/") && !path.contains("/../")
            } ?? false
        if !isTrusted {
            guard status.st_mode & 0o077 == 0 else {
                let mode = String(status.st_mode & 0o777, radix: 8)
                throw Fault(
                    description: "has mode \(mode), so that others could read it; chmod 600 it"
                )
            }
            guard status.st_uid == geteuid() || status.st_uid == 0 else {
                throw Fault(description: "belongs to another user")
            }
        }
        guard let data = try? file.read(upToCount: mostBytes + 1), data.count <= mostBytes else {
            throw Fault(description: "cannot be read, or is longer than \(mostBytes) bytes")
        }
        return try tokens(Array(data))
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

    /// The tokens that a file's content names.
    static func tokens(_ content: [UInt8]) throws(Fault) -> [Token] {
        let json: JSONValue
        do throws(JSONSyntaxError) {
            json = try JSONValue(parsing: content)
        } catch {
            throw Fault(description: "is not JSON: \(error.reason)")
        }
        guard let entries = json.elements else {
            throw Fault(description: "must be a JSON array of tokens")
        }
        var tokens: [Token] = []
        var (names, hashes): (Set<String>, Set<[UInt8]>) = ([], [])
        for (index, entry) in entries.enumerated() {
            let token = try token(entry, at: "[\(index)]")
            guard names.insert(token.name).inserted else {
                throw Fault(description: "[\(index)].name: \(token.name) is there twice")
            }
            guard hashes.insert(token.hash).inserted else {
                throw Fault(description: "[\(index)].token: is another's too")
            }
            tokens.append(token)
        }
        return tokens
    }

    private static func token(_ json: JSONValue, at place: String) throws(Fault) -> Token {
        guard let members = json.members else {
            throw Fault(description: "\(place): must be an object")
        }
        let known = ["name", "token", "tenant", "role", "apps"]
        if let other = members.first(where: { !known.contains($0.name) }) {
            throw Fault(
                description: "\(place).\(other.name.excerpt): unknown field; known are "
                    + known.joined(separator: ", ")
            )
        }
        let text = json["token"]?.string ?? ""
        guard (1...512).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw Fault(description: "\(place).token: must be 1 to 512 visible ASCII characters")
        }
        guard let role = (json["role"]?.string).flatMap(Role.init(rawValue:)) else {
            let names = Role.allCases.map(\.rawValue).joined(separator: ", ")
            throw Fault(description: "\(place).role: must be one of \(names)")
        }
        return Token(
            name: try name(json["name"], "\(place).name", default: nil),
            text: text,
            role: role,
            accessScope: AccessScope(
                tenant: try name(
                    json["tenant"],
                    "\(place).tenant",
                    default: AccessScope.standardTenant
                ),
                apps: try apps(json["apps"], "\(place).apps")
            )
        )
    }

    private static func name(
        _ value: JSONValue?,
        _ place: String,
        default standard: String?
    ) throws(Fault) -> String {
        if value == nil || value?.isNull == true, let standard { return standard }
        let text = value?.string ?? ""
        let isAllowed = text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: byte == 0x2D || byte == 0x2E || byte == 0x5F
            }
        }
        guard (1...64).contains(text.utf8.count), isAllowed else {
            throw Fault(
                description: "\(place): must be 1 to 64 letters, digits, dots, hyphens and"
                    + " underscores"
            )
        }
        return text
    }

    /// Nil for all apps.
    private static func apps(_ value: JSONValue?, _ place: String) throws(Fault) -> Set<String>? {
        guard let value, !value.isNull else { return nil }
        let names = value.elements?.map(\.string)
        guard let names, !names.contains(nil), !names.contains("") else {
            throw Fault(description: "\(place): must be an array of names, or [\"*\"]")
        }
        let apps = Set(names.compactMap(\.self))
        guard apps.contains("*") else { return apps }
        guard apps.count == 1 else {
            throw Fault(description: "\(place): * stands for all, and cannot be there with others")
        }
        return nil
    }
}
