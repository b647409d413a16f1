import Foundation

extension Command {
    /// The absolute path of a program: the first that can be run in the folders of `path`; the name as it
    /// is if there is none.
    ///
    /// - Parameter path: as in the variable `PATH`; nil for the usual folders.
    public static func locate(_ program: String, in path: String?) -> String {
        let files = FileManager.default
        guard !program.contains("/") else {
            return program.hasPrefix("/") ? program : "\(files.currentDirectoryPath)/\(program)"
        }
        let folders = (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
        let candidates = folders.filter { $0.hasPrefix("/") }.map { "\($0)/\(program)" }
        // A folder of that name can be executed too, and is no program.
        return candidates.first { candidate in
            files.isExecutableFile(atPath: candidate)
                && URL(fileURLWithPath: candidate).resolvingSymlinksInPath().isRegularFile
        } ?? program
    }
}

extension URL {
    fileprivate var isRegularFile: Bool {
        (try? resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) ?? false
    }
}
