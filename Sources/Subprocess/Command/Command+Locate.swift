import Foundation

extension Command {
    /// The absolute path of a program: the first one that can be run in the folders of `path`. If there is
    /// none, the name as it is.
    ///
    /// - Parameter path: a value of the variable `PATH`; nil for the usual folders.
    public static func locate(_ program: String, in path: String?) -> String {
        let files = FileManager.default
        guard !program.contains("/") else {
            return program.hasPrefix("/") ? program : "\(files.currentDirectoryPath)/\(program)"
        }
        let folders = (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
        let candidates = folders.filter { $0.hasPrefix("/") }.map { "\($0)/\(program)" }
        // A folder of that name can be executable, too, but is not a program.
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
