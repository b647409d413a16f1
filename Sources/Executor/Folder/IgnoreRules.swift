/// The rules that say which files of a folder are not copied.
struct IgnoreRules: Sendable {
    private let patterns: [IgnorePattern]
    /// The indices of the lines that match only one path, by that path.
    private var literals: [[Rune]: [Int]] = [:]
    /// The indices of the other lines.
    private var wildcards: [Int] = []

    /// Whether a line may include something again below an excluded folder.
    let hasExceptions: Bool
    /// The path that is included whatever the lines say.
    private let kept: [UInt8]?

    /// Whether there are no lines, so that nothing need be matched.
    var isEmpty: Bool { patterns.isEmpty }

    /// A `.dockerignore` that docker would not accept, or that is too large.
    struct Refused: Error, Equatable {
        /// The number of the line, counted from 1.
        let line: Int
        let reason: String
    }

    static let mostBytes = 1 << 20
    static let mostLines = 10_000
    /// The same limit as docker's.
    static let longestLine = 65_535

    /// The fixed rules alone.
    init() {
        patterns = []
        hasExceptions = false
        kept = nil
    }

    /// The fixed rules and those of a `.dockerignore` file.
    ///
    /// - Parameter kept: a path that the file cannot exclude, just as docker never excludes the Dockerfile.
    init(dockerignore: [UInt8], keeping kept: String? = nil) throws(Refused) {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let text = dockerignore.starts(with: mark) ? dockerignore.dropFirst(3) : dockerignore[...]
        var patterns: [IgnorePattern] = []
        let lines = text.split(
            separator: UInt8(ascii: "\n"),
            maxSplits: Self.mostLines,
            omittingEmptySubsequences: false
        )
        for (index, line) in lines.enumerated() {
            let number = index + 1
            guard index < Self.mostLines || line.isEmpty else {
                throw Refused(line: number, reason: "there are more than \(Self.mostLines) lines")
            }
            guard line.count <= Self.longestLine else {
                throw Refused(
                    line: number,
                    reason: "the line is longer than \(Self.longestLine) bytes"
                )
            }
            do throws(IgnorePattern.Malformed) {
                guard let pattern = try IgnorePattern(line: Rune.decode(line)) else { continue }
                if let literal = pattern.literal {
                    literals[literal, default: []].append(patterns.count)
                } else {
                    wildcards.append(patterns.count)
                }
                patterns.append(pattern)
            } catch {
                throw Refused(line: number, reason: error.reason)
            }
        }
        hasExceptions = patterns.contains(where: \.bringsBack)
        self.kept = kept.map { Array($0.utf8) }
        if let kept {
            let path = Rune.decode(Array(kept.utf8))
            literals[path, default: []].append(patterns.count)
            patterns.append(IgnorePattern(bringingBack: path))
        }
        self.patterns = patterns
    }

    /// Whether something below an excluded folder may be included again.
    func mayKeep(below folder: [UInt8]) -> Bool {
        hasExceptions || kept?.starts(with: folder + [UInt8(ascii: "/")]) == true
    }

    /// Whether the name is excluded at any depth, whatever `.dockerignore` says.
    static func alwaysIgnores(name: [UInt8]) -> Bool {
        if ignoredNames.contains(name) { return true }
        return ignoredEndings.contains { name.suffix($0.count) == $0[...] }
            || name.starts(with: environmentPrefix)
    }

    private static let ignoredNames: Set<[UInt8]> = Set(
        [
            ".git", ".gitignore", "__pycache__", ".DS_Store", "node_modules", ".next", ".vscode",
            ".env", ".dockerignore",
        ].map { Array($0.utf8) }
    )
    private static let ignoredEndings = [".pyc", ".log"].map { Array($0.utf8) }
    private static let environmentPrefix = Array(".env.".utf8)

    /// Which lines match a path or a folder above it.
    struct Matches: Sendable {
        /// One bit per line.
        fileprivate var words: [UInt64] = []

        fileprivate func contains(_ index: Int) -> Bool {
            index / 64 < words.count && words[index / 64] >> (index % 64) & 1 == 1
        }

        fileprivate mutating func insert(_ index: Int, of count: Int) {
            if words.isEmpty { words = [UInt64](repeating: 0, count: (count + 63) / 64) }
            words[index / 64] |= 1 << (index % 64)
        }
    }

    /// The lines that match a path relative to the folder; `above` are those that match the folder in which
    /// it is.
    func matches(
        _ path: [Rune],
        above: Matches,
        _ work: inout IgnoreWork
    ) throws(IgnoreWork.Halt) -> Matches {
        var matches = above
        for index in literals[path] ?? [] { matches.insert(index, of: patterns.count) }
        for index in wildcards where !matches.contains(index) {
            if try patterns[index].matches(path, &work) {
                matches.insert(index, of: patterns.count)
            }
        }
        try work.spend(matches.words.count)
        return matches
    }

    /// Whether a path is excluded. The last line that matches it, or a folder above it, decides.
    func ignores(_ matches: Matches) -> Bool {
        var ignored = false
        for (index, word) in matches.words.enumerated() {
            var word = word
            while word != 0 {
                // A line that agrees with the current decision changes nothing.
                ignored = !patterns[index * 64 + word.trailingZeroBitCount].bringsBack
                word &= word - 1
            }
        }
        return ignored
    }
}
