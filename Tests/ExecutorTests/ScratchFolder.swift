import Foundation
import Glibc
import Streams
import Subprocess
import Testing

@testable import Executor

/// A scripts root of a test's own, which is removed with its value.
final class ScratchFolder: Sendable {
    /// The root, as the system names it.
    let path: String
    let roots: SourceRoots

    init() throws {
        let made = NSTemporaryDirectory() + "slipway-folder-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: made, withIntermediateDirectories: true)
        guard let real = unsafe realpath(made, nil) else { throw CocoaError(.fileNoSuchFile) }
        defer { unsafe free(real) }
        path = unsafe String(cString: real)
        roots = SourceRoots([path])
    }

    deinit {
        // The system clears what is left here.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file, and the folders above it.
    func write(_ name: String, _ content: String = "x") throws {
        let full = "\(path)/\(name)"
        try FileManager.default.createDirectory(
            atPath: (full as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true
        )
        try Data(content.utf8).write(to: URL(fileURLWithPath: full))
    }

    func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: "\(path)/\(name)",
            withIntermediateDirectories: true
        )
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: "\(path)/\(name)",
            withDestinationPath: target
        )
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: "\(path)/\(name)")
    }

    /// Packs a folder by the system's own program.
    func pack(_ folder: String, into file: String, _ options: [String] = []) async throws {
        let outcome = await CommandRunner().run(
            Command(
                Command.locate("tar", in: nil),
                options + ["-C", "\(path)/\(folder)", "-cf", "\(path)/\(file)", "."]
            )
        )
        // It leaves out what a format cannot hold, and says so.
        try #require(outcome.exitCode == 0 || outcome.exitCode == 2)
    }

    /// What is collected of the folder `in`.
    func collect() async throws -> SourceFolder {
        try await roots.collect("\(path)/in", stall: .seconds(60)).get()
    }

    /// Why the folder `in` cannot be collected; nil if it can.
    func fault() async -> SourceFolder.Unreadable? {
        switch await roots.collect("\(path)/in", stall: .seconds(60)) {
        case .success: nil
        case .failure(let fault): fault
        }
    }

    /// What the folder `in` holds, as it is collected.
    func names() async throws -> [String] {
        try await collect().entries.map { String(decoding: $0.path, as: UTF8.self) }
    }
}

extension ArchiveInput {
    /// The archive of a folder.
    convenience init(
        source: SourceFolder,
        destination: String,
        owner: FileOwner = .root,
        stall: Duration
    ) {
        guard case .folder(let folder) = source.origin else { fatalError("it is no folder") }
        self.init(
            source: source,
            folder: folder,
            headers: EntryHeaders(destination: destination, owner: owner),
            stall: stall
        )
    }
}

/// Reads the whole archive; throws what is thrown if it breaks off.
func archive(_ input: any SourceArchive) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    while let chunk = try await input.next() { bytes += chunk }
    return bytes
}

/// Makes a file a program that can be started, because nobody writes to it any more. A child that another
/// test starts meanwhile keeps a copy of the descriptor by which the file was written until it runs its own
/// program.
func makeProgram(_ path: String) throws {
    try #require(unsafe chmod(path, 0o755) == 0)
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    defer { close(descriptor) }
    for _ in 0..<10_000 {
        // A lease for reading is given once there is no writer; it goes with the descriptor.
        if fcntl(descriptor, /* F_SETLEASE */ 1024, F_RDLCK) == 0 { return }
        usleep(1_000)
    }
    Issue.record("\(path) is still being written")
}
