import Foundation
import Glibc
import Testing

@testable import Executor

@Suite struct SourceFolderTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    @Test func ignoredNamesAreLeftOutAndExceptionsBroughtBack() async throws {
        try scratch.write("in/.dockerignore", "secret\n*.tmp\nlib\n!lib/keep.txt\n")
        for path in [
            "a.txt", "secret", "x.tmp", "sub/x.tmp", ".git/config", "sub/.env", "lib/drop.txt",
            "lib/keep.txt", "node_modules/m.js",
        ] {
            try scratch.write("in/\(path)")
        }
        #expect(try await scratch.names() == ["a.txt", "lib/keep.txt", "sub", "sub/x.tmp"])
    }

    @Test func aFolderComesBeforeWhatLiesInIt() async throws {
        for path in ["b/c/d", "b/a", "a", "b.txt", "b/c/a/z"] { try scratch.write("in/\(path)") }
        #expect(
            try await scratch.names()
                == ["a", "b", "b/a", "b/c", "b/c/a", "b/c/a/z", "b/c/d", "b.txt"]
        )
    }

    @Test func moreThanOneStepOfFilesIsCollected() async throws {
        for number in 0..<2_500 { try scratch.write("in/\(number % 7)/\(number)", "abc") }
        let source = try await scratch.collect()
        #expect(source.fileCount == 2_500 && source.entries.count == 2_507)
        #expect(source.byteCount == 7_500)
    }

    @Test(arguments: [
        ("", "a", true), ("", "../a", false), ("sub", "../a", true), ("sub", "../../a", false),
        ("", "/etc/passwd", false), ("a/b", "../../../x", false), ("a", "b/../../c", true),
        ("", "a/../../b", false), ("", ".", true),
    ])
    func linkStaysInsideOrNot(_ folder: String, _ target: String, _ isInside: Bool) {
        let stays = LinkTarget.staysInside(
            folder: Array(folder.utf8),
            target: Array(target.utf8)
        )
        #expect(stays == isInside)
    }

    @Test func pipesAndSocketsAreLeftOut() async throws {
        try scratch.write("in/a.txt")
        #expect(unsafe mkfifo("\(scratch.path)/in/pipe", 0o600) == 0)
        #expect(unsafe mknod("\(scratch.path)/in/socket", S_IFSOCK | 0o600, 0) == 0)
        #expect(try await scratch.names() == ["a.txt"])
    }

    @Test func folderThatIsSwappedForALinkIsNotFollowed() async throws {
        try scratch.write("in/a.txt")
        try scratch.write("other/secret.txt")
        #expect(try await scratch.roots.resolve("\(scratch.path)/in") == "\(scratch.path)/in")
        try FileManager.default.moveItem(
            atPath: "\(scratch.path)/in",
            toPath: "\(scratch.path)/away"
        )
        for target in ["other", "\(scratch.path)/other", "/etc"] {
            try scratch.link("in", to: target)
            let fault = await scratch.fault()
            #expect(fault?.path == "\(scratch.path)/in")
            #expect(fault?.reason == "a link or a file has taken the place of a folder")
            try scratch.remove("in")
        }
    }

    @Test func whatLiesOutsideTheRootsIsNotOpened() async throws {
        guard case .failure(let fault) = await scratch.roots.collect("/etc", stall: .seconds(60))
        else {
            Issue.record("a folder outside of the roots was collected")
            return
        }
        #expect(fault.reason == "it lies outside the scripts roots of this server")
    }

    @Test(arguments: [
        ("hosts", "/etc", "/etc/hosts"), ("hostname/x", "/etc", "/etc/hostname"),
        ("hosts.d/x", "/etc", nil), ("sub/hosts", "/etc", nil), ("hosts", "/payload", nil),
        ("etc/resolv.conf", "/", "/etc/resolv.conf"), ("proc/x", "/", "/proc"), ("proc/", "/", nil),
        ("procession", "/", nil), ("a", "/dev/shm", "/dev"), ("a", "/etc/hosts", "/etc/hosts"),
    ])
    func whatTheEngineMountsOverIsFound(
        _ name: String,
        _ destination: String,
        _ place: String?
    ) async throws {
        if name.hasSuffix("/") {
            try scratch.makeFolder("in/\(name)")
        } else {
            try scratch.write("in/\(name)")
        }
        #expect(try await scratch.collect().hidden(at: destination)?.place == place)
    }

    // MARK: The .dockerignore file

    @Test(arguments: [
        ("a\n[\n", "line 2: a [ has no ] that ends it"),
        ("a[\n", "line 1: a [ has no ] that ends it"),
        ("\n\n# [\n[]a]\n", "line 4: a - or ] within [ ] needs a backslash before it"),
        ("x\\\n", "line 1: there is nothing after the last backslash"),
        ("!\n", "line 1: there is nothing after the !"),
    ])
    func linesThatDockerRefusesAreNamed(_ content: String, _ reason: String) async throws {
        try scratch.write("in/.dockerignore", content)
        let fault = await scratch.fault()
        #expect(fault?.path == ".dockerignore" && fault?.reason == reason)
    }

    @Test(arguments: [
        ("a\n", 10_001, "line 10001: there are more than 10000 lines"),
        ("a", 65_536, "line 1: the line is longer than 65535 bytes"),
        ("abc\n", 300_000, "it is larger than 1048576 bytes"),
    ])
    func anIgnoreFileHasBounds(_ part: String, _ count: Int, _ reason: String) async throws {
        try scratch.write("in/.dockerignore", String(repeating: part, count: count))
        let fault = await scratch.fault()
        #expect(fault?.path == ".dockerignore" && fault?.reason == reason)
    }

    @Test(.timeLimit(.minutes(10)))
    func aHugeIgnoreFileIsRefusedUnread() async throws {
        try scratch.makeFolder("in")
        let path = "\(scratch.path)/in/.dockerignore"
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        try #require(file >= 0)
        #expect(ftruncate(file, 1 << 40) == 0)
        close(file)
        #expect(await scratch.fault()?.path == ".dockerignore")
    }

    @Test(.timeLimit(.minutes(10)))
    func anIgnoreFileThatIsNoneIsNamed() async throws {
        try scratch.makeFolder("in")
        #expect(unsafe mkfifo("\(scratch.path)/in/.dockerignore", 0o600) == 0)
        #expect(await scratch.fault()?.reason == "it is not a file")
        try scratch.remove("in/.dockerignore")
        try scratch.link("in/.dockerignore", to: "../elsewhere")
        try scratch.write("elsewhere", "a.txt")
        #expect(await scratch.fault()?.reason == "it leads out of the folder")
        try scratch.remove("in/.dockerignore")
        try scratch.write("in/ignored", "a.txt\n")
        try scratch.write("in/a.txt")
        try scratch.link("in/.dockerignore", to: "ignored")
        #expect(try await scratch.names() == ["ignored"])
    }

    /// Nine hundred kilobytes of stars, and as many names as cost most.
    @Test(.timeLimit(.minutes(10)))
    func matchingIsEndedByACancellation() async throws {
        let line = String(repeating: "**/*", count: 15_000)
        let lines = Array(repeating: line, count: 15).joined(separator: "\n")
        try scratch.write("in/.dockerignore", lines)
        let deep = Array(repeating: "a", count: 900).joined(separator: "/")
        try scratch.makeFolder("in/\(deep)")
        let roots = scratch.roots
        let folder = "\(scratch.path)/in"
        let task = Task { await roots.collect(folder, stall: .seconds(3600)) }
        task.cancel()
        guard case .failure(let fault) = await task.value else {
            Issue.record("it was collected although it was cancelled")
            return
        }
        #expect(fault.reason == "cancelled")
    }
}
