internal import Foundation
internal import Glibc

/// A folder below which everything that may be deployed lies.
struct RootFacts: Sendable {
    /// As it was given.
    var path: String
    /// What the path comes to; nil where that is no folder.
    var realPath: String?
    /// Why it cannot be read; nil where it can.
    var fault: Int32?
    /// The data directory, symlinks resolved.
    var dataFolder: String

    var finding: Finding {
        guard let realPath else {
            return .wrong(
                .scriptsRoot,
                "\(path): there is no such folder.",
                "Make it, or name another with --scripts-root."
            )
        }
        if let fault {
            return .wrong(
                .scriptsRoot,
                "\(path) cannot be read: \(FolderAccess.words(fault)).",
                "Let the server's user read it and enter it."
            )
        }
        let isAbove = realPath == "/" || (dataFolder + "/").hasPrefix(realPath + "/")
        guard !isAbove else {
            return .warning(
                .scriptsRoot,
                "\(path) holds the data directory too, so that could be deployed.",
                "Keep the two apart: name a narrower --scripts-root."
            )
        }
        return .ok(.scriptsRoot, "\(path).")
    }

    /// The folder as it is now.
    static func look(_ path: String, dataFolder: String) -> RootFacts {
        let real = realPath(path)
        return RootFacts(
            path: path,
            realPath: real.flatMap { isFolder($0) ? $0 : nil },
            fault: FolderAccess.fault(path, [.read, .enter]),
            dataFolder: realPath(dataFolder) ?? dataFolder
        )
    }

    private static func isFolder(_ path: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return attributes?[.type] as? FileAttributeType == .typeDirectory
    }

    private static func realPath(_ path: String) -> String? {
        guard let real = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }
}
