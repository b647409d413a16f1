internal import Glibc
internal import Threads

/// A folder below which everything that may be deployed lies.
struct RootFacts: Sendable {
    /// The path as it was given.
    var path: String
    /// The path without symbolic links; nil if there is no folder.
    var realPath: String?
    /// Why it cannot be read; nil if it can.
    var fault: Int32?
    /// The path of the data directory without symbolic links.
    var dataFolder: String
    /// Whether its file system does not answer.
    var isSilent = false

    var finding: Finding {
        guard !isSilent else {
            return .wrong(
                .scriptsRoot,
                "\(path) does not answer.",
                "See whether the file system that holds it is there."
            )
        }
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

    /// Looks at the folder. If its file system does not answer within the limit, that is the result.
    static func gather(
        _ path: String,
        dataFolder: String,
        within limit: Duration = .seconds(5)
    ) async -> RootFacts {
        do {
            return try await BlockingThreads().run(for: path, within: limit) { _ in
                let real = realPath(path)
                return RootFacts(
                    path: path,
                    realPath: real.flatMap { isFolder($0) ? $0 : nil },
                    fault: FolderAccess.fault(path, [.read, .enter]),
                    dataFolder: realPath(dataFolder) ?? dataFolder
                )
            }
        } catch {
            return RootFacts(path: path, dataFolder: dataFolder, isSilent: true)
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func realPath(_ path: String) -> String? {
        guard let real = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }
}
