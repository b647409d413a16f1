import Foundation
import Threads

/// The room on a file system.
enum FreeRoom {
    /// How long a disk is waited for.
    private static let limit = Duration.seconds(2)
    private static let threads = BlockingThreads(threads: 2, threadsPerKey: 1, capacity: 16)

    /// The bytes that are free for everybody; nil if that cannot be found out.
    static func bytes(of folder: String) async -> Int64? {
        let answer = try? await threads.run(for: folder, within: limit) { _ -> Int64? in
            let facts = try? FileManager.default.attributesOfFileSystem(forPath: folder)
            return (facts?[.systemFreeSize] as? NSNumber)?.int64Value
        }
        return answer ?? nil
    }
}
