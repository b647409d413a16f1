import Foundation
import Numbers
import Threads

/// A mirror of a repository, as a folder.
struct Mirror: Sendable {
    /// The name of a file whose modification time is that of the mirror's last use.
    static let mark = "slipway-used"

    /// Whether anything was fetched into it.
    static func wasUsed(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(path)/\(mark)")
    }

    /// Removes the locks and incomplete packs that a killed git has left. Nobody else may use the mirror at
    /// that time.
    static func tidy(_ path: String) {
        let files = FileManager.default
        for folder in ["", "/objects/pack"] {
            // Usually there is nothing to remove.
            for name in (try? files.contentsOfDirectory(atPath: path + folder)) ?? []
            where name.hasSuffix(".lock") || name.hasPrefix("tmp_") {
                try? files.removeItem(atPath: "\(path)\(folder)/\(name)")
            }
        }
        // The names of branches are folders here.
        let refs = files.enumerator(atPath: "\(path)/refs/slipway")
        while let name = refs?.nextObject() as? String {
            if name.hasSuffix(".lock") {
                try? files.removeItem(atPath: "\(path)/refs/slipway/\(name)")
            }
        }
    }

    /// Notes that the mirror is used now.
    static func markUsed(_ path: String) {
        _ = FileManager.default.createFile(atPath: "\(path)/\(mark)", contents: nil)
    }

    let path: String
    let bytes: Int64
    let usedAt: Date

    static func all(
        in folder: String,
        _ abandonment: BlockingThreads.Abandonment
    ) throws -> [Mirror] {
        let files = FileManager.default
        return try files.contentsOfDirectory(atPath: folder).map { name in
            let path = "\(folder)/\(name)"
            var bytes: Int64 = 0
            for case let inner as String in files.enumerator(atPath: path) ?? .init() {
                if abandonment.isAbandoned { throw CancellationError() }
                let facts = try? files.attributesOfItem(atPath: "\(path)/\(inner)")
                bytes = bytes.addingSaturated((facts?[.size] as? NSNumber)?.int64Value ?? 0)
            }
            let facts = try? files.attributesOfItem(atPath: "\(path)/\(mark)")
            return Mirror(
                path: path,
                bytes: bytes,
                usedAt: facts?[.modificationDate] as? Date ?? .distantPast
            )
        }
    }
}
