public import Deployments
import Engine
import Foundation

/// A folder with a docker configuration for one deployment, which has credentials for one registry.
///
/// The user's contexts and certificates can be used through it. Only the server's user can read it.
public struct PrivateConfiguration: Sendable {
    /// The absolute path of the folder.
    public let folder: String

    /// The variables that make a command use the configuration.
    public var environment: [String: String] { ["DOCKER_CONFIG": folder] }

    /// Writes the folder, in place of an earlier one.
    ///
    /// - Parameters:
    ///   - directory: the path of the folder. Whatever is there is removed; the folders above are made.
    ///   - auth: the credentials for the registry.
    ///   - image: the image in that registry.
    ///   - base: gives the contexts and certificates.
    public init(
        directory: String,
        auth: Credentials,
        image: String,
        base: DockerConfiguration
    ) throws {
        let reference = try ImageReference(image)
        let files = FileManager.default
        // There is usually nothing to remove. If something stays, the next step fails.
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

    /// Removes the folder. The user's contexts stay.
    public func remove() {
        // Whatever stays is removed with the deployment's other private files.
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Makes links to everything that is beside the user's `config.json`.
    private static func linkAll(of users: String, into folder: String) throws {
        let source = URL(fileURLWithPath: users).standardizedFileURL.path
        // A user of the server's own usually has no such folder.
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
