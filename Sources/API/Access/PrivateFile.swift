import Deployments
import Foundation
import Glibc

/// A JSON file with secrets for the server.
public enum PrivateFile {
    /// What is wrong with the file. It never contains a secret.
    public struct Fault: Error, CustomStringConvertible {
        /// The fault, for a person.
        public let description: String

        init(_ description: String) { self.description = description }
    }

    private static let mostBytes = 1 << 20

    /// Reads the file, which must belong to the user and be readable by nobody else.
    ///
    /// - Parameter privateFolder: a folder in which files may be readable by others, because others
    ///   cannot enter it.
    static func read(_ path: String, privateFolder: String?) throws(Fault) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw Fault("cannot be read: \(unsafe String(cString: strerror(errno)))")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Fault("is not a file")
        }
        let isTrusted =
            privateFolder.map { folder in
                !folder.isEmpty && path.hasPrefix("\(folder)/") && !path.contains("/../")
            } ?? false
        if !isTrusted {
            guard status.st_mode & 0o077 == 0 else {
                let mode = String(status.st_mode & 0o777, radix: 8)
                throw Fault(
                    "has mode \(mode), so others could read it; run chmod 600 on it"
                )
            }
            guard status.st_uid == geteuid() || status.st_uid == 0 else {
                throw Fault("belongs to another user")
            }
        }
        guard let data = try? file.read(upToCount: mostBytes + 1), data.count <= mostBytes else {
            throw Fault("cannot be read, or is longer than \(mostBytes) bytes")
        }
        return Array(data)
    }

    /// Parses the entries of a file that is a JSON array.
    ///
    /// - Parameter what: a word for the entries in messages: `tokens`.
    static func entries(_ content: [UInt8], of what: String) throws(Fault) -> [JSONValue] {
        let json: JSONValue
        do throws(JSONSyntaxError) {
            json = try JSONValue(parsing: content)
        } catch {
            throw Fault("is not JSON: \(error.reason)")
        }
        guard let entries = json.elements else { throw Fault("must be a JSON array of \(what)") }
        return entries
    }

    /// Parses a name of letters, digits, dots, hyphens and underscores.
    static func name(
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
                "\(place): must be 1 to 64 letters, digits, dots, hyphens and"
                    + " underscores"
            )
        }
        return text
    }
}
