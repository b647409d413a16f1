import Foundation
import Glibc
import Testing

@testable import Executor

@Suite struct ArchiveInputTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func input(_ source: SourceFolder, to place: String = "/payload/app") -> ArchiveInput {
        ArchiveInput(source: source, destination: place, stall: .seconds(60))
    }

    /// Why an archive of what was collected breaks off.
    private func failure(_ source: SourceFolder) async -> SourceFolder.Unreadable? {
        let input = input(source)
        await #expect(throws: SourceFolder.Unreadable.self) { _ = try await archive(input) }
        return input.failure
    }

    /// Extracts with the system's tar into `out`, and gives what lies there.
    private func extract(_ bytes: [UInt8]) throws -> [String] {
        try scratch.makeFolder("out")
        try Data(bytes).write(to: URL(fileURLWithPath: "\(scratch.path)/archive.tar"))
        let tar = Process()
        tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        tar.arguments = [
            "tar", "-xf", "\(scratch.path)/archive.tar", "-C", "\(scratch.path)/out",
        ]
        try tar.run()
        tar.waitUntilExit()
        #expect(tar.terminationStatus == 0)
        return try FileManager.default.subpathsOfDirectory(atPath: "\(scratch.path)/out").sorted()
    }

    @Test func systemTarReadsFilesFoldersLinksAndLongNames() async throws {
        let long = String(repeating: "n", count: 120)
        let deep = Array(repeating: "folder", count: 20).joined(separator: "/") + "/end.txt"
        try scratch.write("in/index.html", "hello")
        try scratch.write("in/empty", "")
        try scratch.write("in/block", String(repeating: "b", count: 512))
        try scratch.write("in/big", String(repeating: "x", count: 1_700_001))
        try scratch.write("in/ünïcode.txt", "u")
        try scratch.write("in/\(long)", "long")
        try scratch.write("in/\(deep)", "deep")
        try scratch.makeFolder("in/hollow")
        try scratch.link("in/link", to: "index.html")
        #expect(unsafe link("\(scratch.path)/in/block", "\(scratch.path)/in/twin") == 0)
        let input = input(try await scratch.collect())
        let bytes = try await archive(input)
        #expect(Int64(bytes.count) == input.byteCount)
        #expect(input.failure == nil)
        let found = try extract(bytes)
        for path in [
            "index.html", "empty", "block", "twin", "big", "ünïcode.txt", long, deep, "hollow",
        ] {
            #expect(found.contains("payload/app/\(path)"), "\(path)")
        }
        let out = "\(scratch.path)/out/payload/app"
        #expect(try String(contentsOfFile: "\(out)/\(deep)", encoding: .utf8) == "deep")
        #expect(try Data(contentsOf: URL(fileURLWithPath: "\(out)/big")).count == 1_700_001)
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: "\(out)/link") == "index.html"
        )
    }

    @Test func emptyFolderIsStillMade() async throws {
        try scratch.makeFolder("in")
        let input = input(try await scratch.collect())
        let bytes = try await archive(input)
        #expect(Int64(bytes.count) == input.byteCount)
        #expect(try extract(bytes) == ["payload", "payload/app"])
    }

    /// Dates that eleven octal digits do not hold, and the last one that they do.
    @Test(arguments: [-1, -86_400 * 365 * 50, 0, 8_589_934_591, 8_589_934_592, 9_000_000_000])
    func datesArriveExactly(_ seconds: Int) async throws {
        // Not every file system keeps them; this one does.
        let path = "/dev/shm/slipway-dates-\(UUID().uuidString)"
        // The system clears what is left here.
        defer { try? FileManager.default.removeItem(atPath: path) }
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true
        )
        try Data("x".utf8).write(to: URL(fileURLWithPath: "\(path)/file"))
        try setDate(of: "\(path)/file", to: seconds)
        let source = try await SourceRoots([path]).collect(path, stall: .seconds(60)).get()
        #expect(source.entries.map(\.modified) == [Int64(seconds)])
        let header = TarHeader(
            path: Array("file".utf8),
            kind: .file,
            mode: 0o644,
            modified: Int64(seconds)
        )
        var bytes: [UInt8] = []
        header.write(to: &bytes)
        #expect(bytes.count == header.byteCount)
        let isOrdinary = (0...8_589_934_591).contains(seconds)
        #expect(bytes.count == (isOrdinary ? 512 : 1536))
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(isOrdinary || text.contains(" mtime=\(seconds)\n"))
    }

    private func setDate(of path: String, to seconds: Int) throws {
        let times = [timespec(tv_sec: 0, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
        try #require(unsafe utimensat(AT_FDCWD, path, times, 0) == 0)
    }

    @Test func theLastDateThereIsAndSizesBeyondAllNumbersAreNoEnd() async throws {
        let path = "/dev/shm/slipway-sizes-\(UUID().uuidString)"
        // The system clears what is left here.
        defer { try? FileManager.default.removeItem(atPath: path) }
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true
        )
        let size = 5 << 60
        for (name, date) in [("one", Int.max), ("two", Int.min)] {
            let file = unsafe open("\(path)/\(name)", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            try #require(file >= 0)
            #expect(ftruncate(file, size) == 0)
            close(file)
            try setDate(of: "\(path)/\(name)", to: date)
        }
        let roots = SourceRoots([path])
        guard case .failure(let fault) = await roots.collect(path, stall: .seconds(60)) else {
            Issue.record("more than there are numbers for was collected")
            return
        }
        #expect(fault.reason == "its files together are too large to be sent")
        try FileManager.default.removeItem(atPath: "\(path)/two")
        let source = try await roots.collect(path, stall: .seconds(60)).get()
        let input = input(source)
        #expect(source.byteCount == Int64(size) && input.byteCount > size)
        let first = try #require(try await input.next())
        let text = String(decoding: first.prefix(2048), as: UTF8.self)
        #expect(text.contains(" size=\(size)\n") && text.contains(" mtime=9223372036854775807\n"))
    }

    /// A tar reader that knows nothing of text, like the engine's.
    @Test func namesAndTargetsThatAreNoTextArriveByteForByte() async throws {
        let name: [UInt8] = [0x61, 0xFF, 0xFE, 0x62]
        let long = [UInt8](repeating: 0xE4, count: 200)
        try scratch.makeFolder("in")
        for bytes in [name, long] {
            let path = Array("\(scratch.path)/in/".utf8) + bytes + [0]
            let file = unsafe path.withUnsafeBufferPointer { path in
                unsafe path.withMemoryRebound(to: CChar.self) { path in
                    unsafe path.baseAddress.map { unsafe creat($0, 0o600) } ?? -1
                }
            }
            try #require(file >= 0)
            close(file)
        }
        let script = "import os; os.symlink(b'\\xff\\xfe', b'\(scratch.path)/in/link')"
        try runPython(script)
        let source = try await scratch.collect()
        #expect(source.entries.map(\.path) == [name, Array("link".utf8), long])
        let bytes = try await archive(input(source))
        try Data(bytes).write(to: URL(fileURLWithPath: "\(scratch.path)/archive.tar"))
        try runPython(
            """
            import tarfile
            names = {m.name.encode('utf-8', 'surrogateescape'): m.linkname for m in
                     tarfile.open('\(scratch.path)/archive.tar', encoding='utf-8')}
            assert b'payload/app/a\\xff\\xfeb' in names, names
            assert b'payload/app/' + b'\\xe4' * 200 in names, names
            target = names[b'payload/app/link'].encode('utf-8', 'surrogateescape')
            assert target == b'\\xff\\xfe', target
            """
        )
    }

    private func runPython(_ script: String) throws {
        let python = Process()
        python.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        python.arguments = ["python3", "-c", script]
        try python.run()
        python.waitUntilExit()
        #expect(python.terminationStatus == 0)
    }

    // MARK: What changes between collection and copy

    @Test func fileThatBecomesShorterBreaksTheArchiveOff() async throws {
        try scratch.write("in/file", String(repeating: "x", count: 1000))
        let source = try await scratch.collect()
        #expect(unsafe truncate("\(scratch.path)/in/file", 5) == 0)
        let failure = await failure(source)
        #expect(failure?.path == "file" && failure?.reason.contains("shorter") == true)
    }

    @Test func fileThatBecomesLongerIsCutToWhatWasCollected() async throws {
        try scratch.write("in/file", "1234")
        let source = try await scratch.collect()
        let file = try FileHandle(forWritingTo: URL(filePath: "\(scratch.path)/in/file"))
        try file.seekToEnd()
        try file.write(contentsOf: Data("5678".utf8))
        try file.close()
        let bytes = try await archive(input(source))
        #expect(bytes[512..<520] == [0x31, 0x32, 0x33, 0x34, 0, 0, 0, 0])
    }

    /// What is put into a file's place, and what is said of it.
    enum Swap: CaseIterable {
        case nothing, link, linkAbove, pipe, socket, folder, otherFile

        func put(_ scratch: ScratchFolder) throws {
            let file = "\(scratch.path)/in/sub/file"
            try scratch.remove(self == .linkAbove ? "in/sub" : "in/sub/file")
            switch self {
            case .nothing: break
            case .link: try scratch.link("in/sub/file", to: "/etc/passwd")
            case .linkAbove: try scratch.link("in/sub", to: "../outside")
            case .pipe: try #require(unsafe mkfifo(file, 0o600) == 0)
            case .socket: try #require(unsafe mknod(file, S_IFSOCK | 0o600, 0) == 0)
            case .folder: try scratch.makeFolder("in/sub/file")
            case .otherFile:
                try scratch.write("in/sub/other", "secret!")
                try FileManager.default.moveItem(
                    atPath: "\(scratch.path)/in/sub/other",
                    toPath: file
                )
            }
        }

        var reason: String {
            switch self {
            case .nothing: "it is gone"
            case .link, .linkAbove: "a link has taken its place"
            case .pipe, .folder: "it is not a file any more"
            case .socket: "it is a socket or a device"
            case .otherFile: "another file has its name now"
            }
        }
    }

    @Test(.timeLimit(.minutes(10)), arguments: Swap.allCases)
    func whatTakesTheFilesPlaceIsNotCopied(_ swap: Swap) async throws {
        try scratch.write("in/sub/file", "content")
        try scratch.write("outside/file", "secret!")
        let source = try await scratch.collect()
        // Keeps the number of the file from being given to the one that takes its place.
        let held = unsafe open("\(scratch.path)/in/sub/file", O_RDONLY | O_CLOEXEC)
        defer { close(held) }
        try swap.put(scratch)
        let failure = await failure(source)
        #expect(failure?.path == "sub/file" && failure?.reason == swap.reason)
    }

    /// Opens it as is done if the kernel does not know openat2, or a filter forbids it.
    @Test func withoutOpenat2NoLinkIsFollowedEither() async throws {
        try scratch.write("in/sub/file", "content")
        try scratch.link("in/way", to: "sub")
        try scratch.link("in/sub/link", to: "file")
        let folder = try await scratch.roots.open("\(scratch.path)/in", within: .seconds(60))
        func fault(_ path: String) -> Int32? {
            do throws(FileFault) {
                let file = try folder.openByParts(
                    Array(path.utf8),
                    O_RDONLY | O_NOFOLLOW | O_CLOEXEC,
                    folder.disk
                )
                #expect(try file.read(atMost: 100) { false } == Array("content".utf8))
                return nil
            } catch {
                return error.code
            }
        }
        #expect(fault("sub/file") == nil)
        #expect(fault("way/file") == ENOTDIR)
        #expect(fault("sub/link") == ELOOP)
        #expect(fault("sub/none") == ENOENT)
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
