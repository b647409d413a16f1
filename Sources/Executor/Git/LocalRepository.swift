import Foundation
import Threads

/// A repository on the server's machine. It must hold everything itself: one that points elsewhere would
/// have git read what lies outside of the scripts roots, or run what its configuration says.
struct LocalRepository: Sendable {
    /// The real path of the repository, or of the folder that has it in `.git`.
    let path: String
    let threads: BlockingThreads

    private static let mostNames = 1_000_000

    /// Throws what stands in the way of reading it.
    func check() async throws(SourceRoots.FolderFault) {
        let path = path
        let fault: String?
        do {
            fault = try await threads.run(for: path, within: .seconds(30)) { abandonment in
                Self.fault(of: path, abandonment)
            }
        } catch {
            throw SourceRoots.FolderFault(
                "cannot be looked at now: its disk does not answer",
                isTemporary: true
            )
        }
        if let fault { throw SourceRoots.FolderFault(fault) }
    }

    private static func fault(
        of path: String,
        _ abandonment: BlockingThreads.Abandonment
    ) -> String? {
        let files = FileManager.default
        func type(_ path: String) -> FileAttributeType? {
            (try? files.attributesOfItem(atPath: path))?[.type] as? FileAttributeType
        }
        var folder = path
        if let inner = type("\(path)/.git") {
            guard inner == .typeDirectory else {
                return "has its repository elsewhere, which .git leads to"
            }
            folder = "\(path)/.git"
        }
        guard type("\(folder)/objects") == .typeDirectory, type("\(folder)/HEAD") == .typeRegular
        else { return "holds no git repository" }
        for name in ["commondir", "objects/info/alternates", "objects/info/http-alternates"] {
            guard type("\(folder)/\(name)") == nil else {
                return "shares what it holds with another repository (\(name))"
            }
        }
        for name in ["config", "packed-refs", "shallow", "refs", "info"] {
            guard type("\(folder)/\(name)") != .typeSymbolicLink else {
                return "has a link where git has \(name)"
            }
        }
        let configuration = files.contents(atPath: "\(folder)/config").map {
            String(decoding: $0.prefix(1 << 20), as: UTF8.self).lowercased()
        }
        for word in ["promisor", "partialclone", "[include"]
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
