import Foundation
import Synchronization
import Testing

@testable import Docker
@testable import Executor

@Suite struct ArchiveInputTests {
    private let root =
        FileManager.default.temporaryDirectory.path
        + "/slipway-archive-\(UUID().uuidString)"

    private func write(_ path: String, _ content: String) throws {
        let full = "\(root)/in/\(path)"
        try FileManager.default.createDirectory(
            atPath: (full as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true
        )
        try Data(content.utf8).write(to: URL(fileURLWithPath: full))
    }

    private func archive(_ input: ArchiveInput) async -> [UInt8] {
        var bytes: [UInt8] = []
        while let chunk = await input.next() { bytes += chunk }
        return bytes
    }

    /// Extracts with the system's tar and gives what `find` lists.
    private func extract(_ bytes: [UInt8]) throws -> [String] {
        try FileManager.default.createDirectory(
            atPath: "\(root)/out",
            withIntermediateDirectories: true
        )
        try Data(bytes).write(to: URL(fileURLWithPath: "\(root)/archive.tar"))
        let tar = Process()
        tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        tar.arguments = ["tar", "-xf", "\(root)/archive.tar", "-C", "\(root)/out"]
        try tar.start()
        tar.waitUntilExit()
        #expect(tar.terminationStatus == 0)
        return try FileManager.default.subpathsOfDirectory(atPath: "\(root)/out").sorted()
    }

    private func remove() {
        // The system clears what is left here.
        try? FileManager.default.removeItem(atPath: root)
    }

    @Test func systemTarReadsFilesFoldersLinksAndLongNames() async throws {
        defer { remove() }
        let long = String(repeating: "n", count: 120)
        let deep = Array(repeating: "folder", count: 20).joined(separator: "/") + "/end.txt"
        try write("index.html", "hello")
        try write("empty", "")
        try write("block", String(repeating: "b", count: 512))
        try write("big", String(repeating: "x", count: 700_001))
        try write("ünïcode.txt", "u")
        try write(long, "long")
        try write(deep, "deep")
        try FileManager.default.createDirectory(
            atPath: "\(root)/in/hollow",
            withIntermediateDirectories: true
        )
        try FileManager.default.createSymbolicLink(
            atPath: "\(root)/in/link",
            withDestinationPath: "index.html"
        )
        let source = try SourceFolder(collecting: "\(root)/in")
        let input = ArchiveInput(source: source, destination: "/payload/app")
        let bytes = await archive(input)
        #expect(Int64(bytes.count) == input.byteCount)
        #expect(input.failure == nil)
        let found = try extract(bytes)
        for path in ["index.html", "empty", "block", "big", "ünïcode.txt", long, deep, "hollow"] {
            #expect(found.contains("payload/app/\(path)"), "\(path)")
        }
        let out = "\(root)/out/payload/app"
        #expect(try String(contentsOfFile: "\(out)/\(deep)", encoding: .utf8) == "deep")
        #expect(try Data(contentsOf: URL(fileURLWithPath: "\(out)/big")).count == 700_001)
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: "\(out)/link") == "index.html"
        )
    }

    @Test func emptyFolderIsStillMade() async throws {
        defer { remove() }
        try FileManager.default.createDirectory(
            atPath: "\(root)/in",
            withIntermediateDirectories: true
        )
        let source = try SourceFolder(collecting: "\(root)/in")
        let input = ArchiveInput(source: source, destination: "/payload/app")
        let bytes = await archive(input)
        #expect(Int64(bytes.count) == input.byteCount)
        #expect(try extract(bytes) == ["payload", "payload/app"])
    }

    @Test func fileThatBecomesShorterBreaksTheArchiveOff() async throws {
        defer { remove() }
        try write("file", String(repeating: "x", count: 1000))
        let source = try SourceFolder(collecting: "\(root)/in")
        try write("file", "short")
        let input = ArchiveInput(source: source, destination: "/x")
        _ = await archive(input)
        #expect(input.failure?.path == "file")
    }

    @Test func ignoredNamesAreLeftOutAndExceptionsBroughtBack() throws {
        defer { remove() }
        try write(".dockerignore", "secret\n*.tmp\nlib\n!lib/keep.txt\n")
        for path in [
            "a.txt", "secret", "x.tmp", "sub/x.tmp", ".git/config", "sub/.env", "lib/drop.txt",
            "lib/keep.txt", "node_modules/m.js",
        ] {
            try write(path, "x")
        }
        let source = try SourceFolder(collecting: "\(root)/in")
        #expect(source.entries.map(\.path) == ["a.txt", "lib/keep.txt", "sub", "sub/x.tmp"])
    }

    @Test(arguments: [
        ("", "a", true), ("", "../a", false), ("sub", "../a", true), ("sub", "../../a", false),
        ("", "/etc/passwd", false), ("a/b", "../../../x", false), ("a", "b/../../c", true),
        ("", "a/../../b", false), ("", ".", true),
    ])
    func linkStaysInsideOrNot(_ folder: String, _ target: String, _ isInside: Bool) {
        #expect(SourceFolder.staysInside(folder: folder, target: target) == isInside)
    }

    @Test func pipesAreLeftOut() throws {
        defer { remove() }
        try write("a.txt", "x")
        #expect(unsafe mkfifo("\(root)/in/pipe", 0o600) == 0)
        let source = try SourceFolder(collecting: "\(root)/in")
        #expect(source.entries.map(\.path) == ["a.txt"])
    }
}

@Suite struct TransferRateTests {
    @Test func rateLooksBackAFewSeconds() {
        var rate = TransferRate()
        #expect(rate.bytesPerSecond == nil)
        for second in 0...10 { rate.note(Int64(second * 1000), at: .seconds(second)) }
        #expect(rate.bytesPerSecond == 1000)
        #expect(rate.secondsLeft(2500) == 3)
    }
}
