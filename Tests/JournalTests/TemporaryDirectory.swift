import Foundation

/// A directory for one test, removed when this value is gone.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "journal-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    deinit {
        // What is left lies in the system's temporary directory, which is cleaned by others.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// A path in the directory.
    func file(_ name: String) -> String { path + "/" + name }

    /// Copies the files of a database as a crash would leave them; the log cut at `logBytes`.
    func copyDatabase(to other: TemporaryDirectory, logBytes: Int? = nil) throws {
        let database = URL(fileURLWithPath: file("journal.sqlite"))
        let log = URL(fileURLWithPath: file("journal.sqlite-wal"))
        try Data(contentsOf: database)
            .write(to: URL(fileURLWithPath: other.file("journal.sqlite")))
        let bytes = try Data(contentsOf: log)
        try bytes.prefix(logBytes ?? bytes.count)
            .write(to: URL(fileURLWithPath: other.file("journal.sqlite-wal")))
    }

    /// The permission bits of a file in the directory.
    func mode(_ name: String) throws -> Int? {
        let attributes = try FileManager.default.attributesOfItem(atPath: file(name))
        return (attributes[.posixPermissions] as? NSNumber)?.intValue
    }
}
