import Foundation
import Glibc
import Testing

@testable import Executor

/// A file system that does not answer, mounted in a scripts root.
private final class SilentDisk: @unchecked Sendable {
    private let process = Process()
    private let input = Pipe()

    static var isPossible: Bool {
        unsafe geteuid() == 0 && access("/dev/fuse", R_OK | W_OK) == 0
    }

    init(at folder: String, mute: Bool = false) throws {
        let program = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../fixtures/lab/fuse/silent")
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", program.path, folder] + (mute ? ["--mute"] : [])
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let said = try output.fileHandleForReading.read(upToCount: 7)
        try #require(said == Data("mounted".utf8))
    }

    /// Unmounts it: whoever waits for it goes on.
    func end() {
        // It ends with its input.
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}

@Suite(.enabled(if: SilentDisk.isPossible), .timeLimit(.minutes(10)))
struct SilentDiskTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    /// Mounts it as `far` in the root, beside a folder `in` that can be read.
    private func mount(mute: Bool = false) throws -> SilentDisk {
        try scratch.write("in/a.txt")
        try scratch.makeFolder("far")
        return try SilentDisk(at: "\(scratch.path)/far", mute: mute)
    }

    private func fault(
        _ folder: String,
        stall: Duration
    ) async -> SourceFolder.Unreadable? {
        switch await scratch.roots.collect("\(scratch.path)/\(folder)", stall: stall) {
        case .success: nil
        case .failure(let fault): fault
        }
    }

    @Test func foldersBesideItAreReadWhateverManyWaitForIt() async throws {
        let disk = try mount(mute: true)
        defer { disk.end() }
        let (roots, path) = (scratch.roots, scratch.path)
        let waiting = (0..<100).map { number in
            Task { await roots.collect("\(path)/far/\(number)", stall: .seconds(3600)) }
        }
        #expect(try await scratch.names() == ["a.txt"])
        #expect(try await roots.resolve("\(path)/in") == "\(path)/in")
        for task in waiting { task.cancel() }
        for task in waiting {
            await #expect(throws: SourceFolder.Unreadable.self) { try await task.value.get() }
        }
    }

    @Test func aRequestForItIsToBeMadeAgain() async throws {
        let disk = try mount(mute: true)
        defer { disk.end() }
        do throws(SourceRoots.FolderFault) {
            _ = try await scratch.roots.resolve("\(scratch.path)/far/app")
            Issue.record("it was taken")
        } catch {
            #expect(error.isTemporary && error.message.contains("does not answer"))
        }
    }

    @Test func aRootOnItIsNamedAndLookedAtAgain() async throws {
        let disk = try mount(mute: true)
        let far = "\(scratch.path)/far"
        let roots = SourceRoots([scratch.path + "/in", far])
        #expect(try await roots.check() == [far])
        #expect(try await roots.resolve("\(scratch.path)/in") == "\(scratch.path)/in")
        disk.end()
        #expect(try await roots.resolve(far) == far)
    }

    @Test(arguments: ["far/stuck", "far"])
    func aFolderWhoseNamesDoNotComeHasStalled(_ folder: String) async throws {
        let disk = try mount()
        defer { disk.end() }
        let fault = await fault(folder, stall: .seconds(1))
        #expect(fault?.isStalled == true)
        #expect(fault?.reason == "its disk has not answered for 1 s")
    }

    @Test func aFileWhoseContentDoesNotComeIsNamed() async throws {
        let disk = try mount()
        defer { disk.end() }
        let source = try await scratch.roots.collect(
            "\(scratch.path)/far/app",
            stall: .seconds(60)
        ).get()
        #expect(source.fileCount == 2)
        let input = ArchiveInput(source: source, destination: "/x", stall: .seconds(5))
        await #expect(throws: SourceFolder.Unreadable.self) { _ = try await archive(input) }
        #expect(input.failure?.path == "hung.txt" && input.failure?.isStalled == true)
    }

    @Test func aCopyOfItCanBeCancelled() async throws {
        let disk = try mount()
        defer { disk.end() }
        let source = try await scratch.roots.collect(
            "\(scratch.path)/far/app",
            stall: .seconds(60)
        ).get()
        let input = ArchiveInput(source: source, destination: "/x", stall: .seconds(3600))
        let task = Task { try await archive(input) }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(input.failure == nil)
    }
}
