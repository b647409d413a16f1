import Testing

@testable import Executor

@Suite struct IgnoreRulesTests {
    @Test(arguments: [
        ("*", "docker/File"), ("Dockerfile\n", "Dockerfile"), ("other\n", "Dockerfile"),
        ("docker\n!docker/other", "docker/File"), ("**/File", "docker/File"),
        ("docker/*\n", "docker/File"), ("docker", "docker/File"),
    ])
    func fileWithTheStepsIsKept(_ text: String, _ kept: String) throws {
        let rules = try IgnoreRules(dockerignore: Array(text.utf8), keeping: kept)
        var work = IgnoreWork(isAbandoned: { false })
        var matches = IgnoreRules.Matches()
        for place in kept == "Dockerfile" ? [kept] : ["docker", kept] {
            matches = try rules.matches(Rune.decode(Array(place.utf8)), above: matches, &work)
        }
        #expect(!rules.ignores(matches))
        // No folder is looked through for it that it does not lie in.
        #expect(rules.hasExceptions == text.contains("!"))
        #expect(rules.mayKeep(below: Array("docker".utf8)) == kept.hasPrefix("docker/"))
        #expect(rules.mayKeep(below: Array("dock".utf8)) == rules.hasExceptions)
    }

    @Test(arguments: [
        // pattern, path, matches
        ("*.txt", "a.txt", true),
        ("*.txt", "sub/a.txt", false),
        ("**/*.txt", "a.txt", true),
        ("**/*.txt", "sub/deep/a.txt", true),
        ("/build", "build", true),
        ("build/", "build", true),
        ("build/**", "build/a/b", true),
        ("build/**", "build", false),
        ("a/*/c", "a/b/c", true),
        ("a/*/c", "a/b/b/c", false),
        ("a/**/c", "a/c", true),
        ("a/**/c", "a/b/b/c", true),
        ("te?t", "test", true),
        ("te?t", "te/t", false),
        ("[a-c]x", "bx", true),
        ("[^a-c]x", "bx", false),
        ("[^a-c]x", "dx", true),
        ("a\\*b", "a*b", true),
        ("a\\*b", "axb", false),
        ("./x/../y", "y", true),
        ("**", "any/thing", true),
        ("ünï*", "ünïcode", true),
        ("**/foo", "xfoo", false),
        ("**/foo", "x/foo", true),
        ("**/**/foo", "a/b/foo", true),
        ("**foo", "xfoo", true),
        ("a**b", "ab", true),
        ("a**b", "ax/b", true),
        ("a**b", "axb", false),
        ("a**", "a/b/c", true),
        ("[a\\-c]x", "-x", true),
        ("[*]x", "*x", true),
        ("../y", "y", false),
        ("/../y", "y", true),
    ])
    func pattern(_ pattern: String, _ path: String, _ matches: Bool) throws {
        #expect(try Self.matches(pattern, path) == matches)
    }

    @Test(arguments: ["", "   ", "# note", "\r"])
    func lineThatSaysNothing(_ line: String) throws {
        #expect(try IgnorePattern(line: Rune.decode(line.utf8)) == nil)
    }

    @Test(arguments: [
        "!", "[", "[a", "a[", "a\\", "[]", "[]a]", "[-]", "[a-]", "[b-a]", "[^]", "x*[",
    ])
    func lineThatDockerRefuses(_ line: String) {
        #expect(throws: IgnorePattern.Malformed.self) {
            _ = try IgnorePattern(line: Rune.decode(line.utf8))
        }
    }

    /// Whether a line matches the whole of a path.
    private static func matches(_ line: String, _ path: String) throws -> Bool {
        let pattern = try #require(try IgnorePattern(line: Rune.decode(line.utf8)))
        var work = IgnoreWork(isAbandoned: { false })
        return try pattern.matches(Rune.decode(path.utf8), &work)
    }

    @Test func patternOfManyStarsStaysLinear() throws {
        let line = String(repeating: "*a", count: 60) + "b"
        #expect(try !Self.matches(line, String(repeating: "a", count: 4000)))
    }

    /// As many as a file may hold match no more than one of them does, and cost no more.
    @Test func repeatedStarsAreOne() throws {
        let pattern = try #require(
            try IgnorePattern(
                line: Rune.decode((String(repeating: "**/", count: 20_000) + "x").utf8)
            )
        )
        var work = IgnoreWork(isAbandoned: { false })
        let path = Rune.decode(Array(repeating: "a", count: 1000).joined(separator: "/").utf8)
        #expect(try !pattern.matches(path, &work))
        #expect(work.steps < 10_000)
    }

    @Test func workThatIsTooMuchOrIsAbandonedEnds() throws {
        let line = String(repeating: "**/*", count: 1000)
        let pattern = try #require(try IgnorePattern(line: Rune.decode((line + "y").utf8)))
        let path = Rune.decode(String(repeating: "x/", count: 2000).utf8)
        var bounded = IgnoreWork(mostSteps: 1_000_000, isAbandoned: { false })
        #expect(throws: IgnoreWork.Halt.tooMuch) { _ = try pattern.matches(path, &bounded) }
        #expect(bounded.steps < 1_200_000)
        var abandoned = IgnoreWork(isAbandoned: { true })
        #expect(throws: IgnoreWork.Halt.abandoned) { _ = try pattern.matches(path, &abandoned) }
    }

    @Test(arguments: [
        ("notes.md", true), ("README.md", false), ("docs/a/b", true), ("docs/keep", false),
        ("docs/keep/file", false), ("src/main", false),
    ])
    func lastLineThatMatchesDecides(_ path: String, _ isIgnored: Bool) throws {
        let text = "\u{FEFF}*.md\r\n!README.md\ndocs\n!docs/keep\n"
        let rules = try IgnoreRules(dockerignore: Array(text.utf8))
        #expect(rules.hasExceptions)
        var work = IgnoreWork(isAbandoned: { false })
        var matches = IgnoreRules.Matches()
        var runes: [Rune] = []
        for part in path.split(separator: "/") {
            runes += (runes.isEmpty ? [] : [Rune(of: "/")]) + Rune.decode(part.utf8)
            matches = try rules.matches(runes, above: matches, &work)
        }
        #expect(rules.ignores(matches) == isIgnored)
    }

    @Test(arguments: [
        ".git", ".gitignore", "__pycache__", "a.pyc", ".DS_Store", "node_modules", ".next",
        ".vscode", "x.log", ".env", ".env.local", ".dockerignore",
    ])
    func nameThatIsNeverCopied(_ name: String) {
        #expect(IgnoreRules.alwaysIgnores(name: Array(name.utf8)))
    }

    @Test(arguments: ["env", "git", ".envrc", "log", "a.logs", ".github", "pyc"])
    func nameThatIsCopied(_ name: String) {
        #expect(!IgnoreRules.alwaysIgnores(name: Array(name.utf8)))
    }
}
