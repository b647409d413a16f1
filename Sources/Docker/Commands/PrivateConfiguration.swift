public import Deployments
import Engine
import Foundation

/// A docker configuration folder of one deployment's own, with credentials for one registry.
///
/// The user's contexts and certificates stay usable through it. Only the server's user can read it.
public struct PrivateConfiguration: Sendable {
    /// The folder, absolute.
    public let folder: String

    /// What a command that is to use it needs in its environment.
    public var environment: [String: String] { ["DOCKER_CONFIG": folder] }

    /// Writes the folder anew.
    ///
    /// - Parameters:
    ///   - directory: its path. What lies there is removed; the folders above are made.
    ///   - image: whose registry the credentials are for.
    ///   - base: whose contexts and certificates stay usable.
    public init(
        directory: String,
        auth: Credentials,
        image: String,
        base: DockerConfiguration
    ) throws {
        let reference = try ImageReference(image)
        let files = FileManager.default
        // Nothing there is the usual case; a remainder makes the next step fail.
        try? files.removeItem(atPath: directory)
        try files.createDirectory(
            atPath: (directory as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        try files.createDirectory(
            atPath: directory,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
        folder = directory
        var members = [
            JSONMember(
                "auths",
                .object([JSONMember(reference.registryKey, ["auth": .string(auth.encoded)])])
            )
        ]
        do {
            if let users = base.configurationFolder {
                try Self.linkAll(of: users, into: directory)
                if let context = Self.currentContext(users) {
                    members.append(JSONMember("currentContext", .string(context)))
                }
            }
            let path = "\(directory)/config.json"
            let made = files.createFile(
                atPath: path,
                contents: Data(JSONValue.object(members).text.utf8),
                attributes: [.posixPermissions: 0o600]
            )
            guard made else {
                throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path])
            }
        } catch {
            remove()
            throw error
        }
    }

    /// Takes the folder away; the user's contexts stay.
    public func remove() {
        // Whatever is left is removed with the deployment's other private files.
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Links to all that the client finds beside its `config.json`.
    private static func linkAll(of users: String, into folder: String) throws {
        let source = URL(fileURLWithPath: users).standardizedFileURL.path
        // No folder is the usual case for a server's own user.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: source)) ?? []
        for name in names where name != "config.json" {
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/\(name)",
                withDestinationPath: "\(source)/\(name)"
            )
        }
    }

    private static func currentContext(_ users: String) -> String? {
        FileManager.default.contents(atPath: "\(users)/config.json")
            .flatMap { try? JSONValue(parsing: Array($0)) }
            .flatMap { $0["currentContext"]?.string }
    }
}
