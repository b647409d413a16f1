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
        guard folder.utf8.count < 4096 else {
            return .failure(FolderFault(message: "must not be longer than 4,095 bytes"))
        }
        let outside = FolderFault(
            message: "lies outside the scripts roots of this server; --scripts-root adds one"
        )
        guard let real = Self.realPath(folder) else {
            // Whether it exists elsewhere is nobody's business.
            let isBelow = isBelowRoot(Self.nearestRealPath(folder))
            return .failure(isBelow ? FolderFault(message: "no such folder") : outside)
        }
        guard isBelowRoot(real) else { return .failure(outside) }
        guard Self.isFolder(real) else {
            return .failure(FolderFault(message: "is not a folder"))
        }
        return .success(real)
    }

    private func isBelowRoot(_ real: String) -> Bool {
        roots.contains { real == $0 || $0 == "/" || real.hasPrefix($0 + "/") }
    }

    /// The real path of the nearest folder above that is there.
    private static func nearestRealPath(_ path: String) -> String {
        var rest = path.utf8[...]
        while let slash = rest.lastIndex(of: UInt8(ascii: "/")), slash > rest.startIndex {
            rest = rest[..<slash]
            if let real = realPath(String(decoding: rest, as: UTF8.self)) { return real }
        }
        return "/"
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
