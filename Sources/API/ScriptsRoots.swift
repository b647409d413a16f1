import Deployments
import Foundation

/// The folders below which everything that may be deployed lies.
public struct ScriptsRoots: Sendable {
    /// Absolute, symlinks resolved.
    private let roots: [String]

    /// A root that is no readable folder.
    public struct InvalidRoot: Error {
        /// As it was given.
        public let path: String
    }

    /// Roots that exist now.
    public init(_ paths: [String]) throws(InvalidRoot) {
        var roots: [String] = []
        for path in paths {
            guard let real = Self.realPath(path), Self.isFolder(real) else {
                throw InvalidRoot(path: path)
            }
            roots.append(real)
        }
        self.roots = roots
    }

    /// The folder's real path, where it is a folder below a root; otherwise what is wrong.
    func resolve(_ folder: String) -> Result<String, FolderFault> {
        guard folder.hasPrefix("/") else {
            return .failure(FolderFault(message: "must be an absolute path"))
        }
        guard let real = Self.realPath(folder) else {
            // Whether it exists elsewhere is nobody's business.
            return .failure(FolderFault(message: "no such folder"))
        }
        guard roots.contains(where: { real == $0 || $0 == "/" || real.hasPrefix($0 + "/") }) else {
            return .failure(
                FolderFault(
                    message:
                        "lies outside the scripts roots of this server; --scripts-root adds one"
                )
            )
        }
        guard Self.isFolder(real) else {
            return .failure(FolderFault(message: "is not a folder"))
        }
        return .success(real)
    }

    struct FolderFault: Error {
        let message: String
    }

    private static func realPath(_ path: String) -> String? {
        guard !path.utf8.contains(0), let real = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }

    private static func isFolder(_ path: String) -> Bool {
        (try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType)
            == .typeDirectory
    }
}
