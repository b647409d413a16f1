import Testing

@testable import Executor

@Suite struct IgnoreRulesTests {
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
    ])
    func pattern(_ pattern: String, _ path: String, _ matches: Bool) throws {
        let compiled = try #require(IgnorePattern(line: pattern))
        #expect(compiled.matches(path) == matches)
    }

    @Test(arguments: ["", "   ", "# note", "!", "[", "[a", "a\\", "/"])
    func lineThatNamesNothing(_ line: String) {
        #expect(IgnorePattern(line: line) == nil)
    }

    @Test func patternOfManyStarsStaysLinear() throws {
        let pattern = try #require(IgnorePattern(line: String(repeating: "*a", count: 60) + "b"))
        #expect(!pattern.matches(String(repeating: "a", count: 4000)))
    }

    @Test func lastLineThatMatchesDecides() {
        let rules = IgnoreRules(dockerignore: "*.md\n!README.md\ndocs\n!docs/keep\n")
        #expect(rules.hasExceptions)
        #expect(rules.ignores("notes.md"))
        #expect(!rules.ignores("README.md"))
        #expect(rules.ignores("docs/a/b"))
        #expect(!rules.ignores("docs/keep"))
        #expect(!rules.ignores("docs/keep/file"))
        #expect(!rules.ignores("src/main"))
    }

    @Test(arguments: [
        ".git", ".gitignore", "__pycache__", "a.pyc", ".DS_Store", "node_modules", ".next",
        ".vscode", "x.log", ".env", ".env.local", ".dockerignore",
    ])
    func nameThatIsNeverCopied(_ name: String) {
        #expect(IgnoreRules.alwaysIgnores(name: name))
    }

    @Test(arguments: ["env", "git", ".envrc", "log", "a.logs", ".github", "pyc"])
    func nameThatIsCopied(_ name: String) {
        #expect(!IgnoreRules.alwaysIgnores(name: name))
    }
}
