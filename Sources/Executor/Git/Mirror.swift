import Foundation
import Numbers
import Threads

/// A mirror as it lies in its folder.
struct Mirror: Sendable {
    /// Its time is when it was used last.
    static let mark = "slipway-used"

    /// Whether something was fetched into it.
    static func wasUsed(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(path)/\(mark)")
    }

    /// Removes what a git that was killed has left: locks, and packs that are not whole. Nobody else works
    /// on it.
    static func tidy(_ path: String) {
        let files = FileManager.default
        for folder in ["", "/objects/pack"] {
            // Nothing there is the usual case.
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

    /// Notes that it is used now.
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
