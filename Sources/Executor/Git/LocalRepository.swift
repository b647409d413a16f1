import Foundation
import Threads

/// A repository on the server's machine. It must contain everything itself: otherwise git could read files
/// outside the scripts roots, or do what the repository's configuration says.
struct LocalRepository: Sendable {
    /// The real path of the repository, or of the folder that has it in `.git`.
    let path: String

    /// The checks have threads of their own, because the disk of a root may not answer.
    private static let threads = BlockingThreads(threads: 16, threadsPerKey: 4)
    private static let mostNames = 1_000_000

    /// The folder for git. Throws if the repository must not be read.
    func check() async throws(SourceRoots.FolderFault) -> String {
        let path = path
        let answer: (folder: String, fault: String?)
        do {
            answer = try await Disk(of: path, threads: Self.threads).run(within: .seconds(30)) {
                abandonment in
                let inner = "\(path)/.git"
                // If there is something that is not a folder, that is reported as a fault.
                let folder = Self.type(inner) == nil ? path : inner
                return (folder, Self.fault(of: folder, abandonment))
            }
        } catch {
            throw SourceRoots.FolderFault(
                "cannot be checked now: its disk does not answer",
                isTemporary: true
            )
        }
        if let fault = answer.fault { throw SourceRoots.FolderFault(fault) }
        return answer.folder
    }

    private static func type(_ path: String) -> FileAttributeType? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType
    }

    private static func fault(
        of folder: String,
        _ abandonment: BlockingThreads.Abandonment
    ) -> String? {
        let files = FileManager.default
        guard type(folder) == .typeDirectory else {
            return "has its repository elsewhere: .git leads to it"
        }
        // If one of these were missing, git would look for the repository elsewhere.
        guard type("\(folder)/objects") == .typeDirectory, type("\(folder)/HEAD") == .typeRegular,
            type("\(folder)/refs") == .typeDirectory
        else {
            return type("\(folder)/refs") == .typeSymbolicLink
                || type("\(folder)/objects") == .typeSymbolicLink
                ? "has a link where git has a folder of its own" : "is not a git repository"
        }
        for name in [
            "commondir", "config.worktree", "objects/info/alternates",
            "objects/info/http-alternates",
        ] {
            guard type("\(folder)/\(name)") == nil else {
                return "shares objects or settings with another repository (\(name))"
            }
        }
        for name in ["config", "packed-refs", "shallow", "info"] {
            guard let found = type("\(folder)/\(name)") else { continue }
            guard found == (name == "info" ? .typeDirectory : .typeRegular) else {
                return "has something else in the place of git's \(name)"
            }
        }
        let facts = try? files.attributesOfItem(atPath: "\(folder)/config")
        guard (facts?[.size] as? NSNumber)?.int64Value ?? 0 <= 1 << 20 else {
            return "has a configuration of more than 1 MiB"
        }
        let configuration = files.contents(atPath: "\(folder)/config").map {
            String(decoding: $0, as: UTF8.self).lowercased()
        }
        for word in ["promisor", "partialclone", "include", "worktreeconfig"]
        where configuration?.contains(word) == true {
            return "has a configuration that leads elsewhere (\(word))"
        }
        var count = 0
        guard let names = files.enumerator(atPath: "\(folder)/objects") else {
            return "cannot be read"
        }
        while let name = names.nextObject() as? String {
            count += 1
            guard count <= mostNames, !abandonment.isAbandoned else {
                return "holds more than \(mostNames) objects that are not packed"
            }
            guard names.fileAttributes?[.type] as? FileAttributeType != .typeSymbolicLink else {
                return "has a link among its objects (\(name))"
            }
        }
        return nil
    }
}
