/// What of a folder is not copied.
struct IgnoreRules: Sendable {
    private let patterns: [IgnorePattern]

    /// Whether a line can bring back something below a folder that is left out.
    let hasExceptions: Bool

    /// The rules that always hold, and those of a `.dockerignore` text.
    init(dockerignore: String = "") {
        let text = dockerignore.hasPrefix("\u{FEFF}") ? dockerignore.dropFirst() : dockerignore[...]
        patterns = text.split(whereSeparator: \.isNewline).compactMap { line in
            IgnorePattern(line: String(line))
        }
        hasExceptions = patterns.contains(where: \.bringsBack)
    }

    /// Left out at any depth, whatever `.dockerignore` says.
    static func alwaysIgnores(name: String) -> Bool {
        switch name {
        case ".git", ".gitignore", "__pycache__", ".DS_Store", "node_modules", ".next", ".vscode",
            ".env", ".dockerignore":
            true
        default: name.hasSuffix(".pyc") || name.hasSuffix(".log") || name.hasPrefix(".env.")
        }
    }

    /// Whether the `.dockerignore` leaves out a path relative to the folder: the last line that
    /// matches it or a folder above it decides.
    func ignores(_ path: String) -> Bool {
        var prefixes: [String] = []
        for (index, character) in zip(path.indices, path) where character == "/" {
            prefixes.append(String(path[..<index]))
        }
        prefixes.append(path)
        return patterns.reduce(false) { ignored, pattern in
            // A line that agrees with what is already decided need not be matched.
            guard pattern.bringsBack == ignored else { return ignored }
            return prefixes.contains(where: pattern.matches) ? !ignored : ignored
        }
    }
}
