import Foundation
import Glibc
import Synchronization

/// A program run to its end.
struct Command: Sendable {
    let status: Int32
    let output: String
    let errors: String

    /// Runs a program found in PATH, without a shell. Its input and output go through files,
    /// which no amount of it can block.
    static func run(
        _ arguments: [String],
        input: String? = nil,
        environment: [String: String] = [:],
        in folder: String? = nil
    ) async throws -> Command {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let outputPath = scratch.path("output")
        let errorsPath = scratch.path("errors")
        for path in [outputPath, errorsPath] {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
        process.standardInput = FileHandle.nullDevice
        if let input {
            try scratch.write("input", input)
            process.standardInput = FileHandle(forReadingAtPath: scratch.path("input"))
        }
        process.standardOutput = FileHandle(forWritingAtPath: outputPath)
        process.standardError = FileHandle(forWritingAtPath: errorsPath)
        try await process.runToEnd()
        func text(_ path: String) -> String {
            String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
        }
        return Command(
            status: process.terminationStatus,
            output: text(outputPath),
            errors: text(errorsPath)
        )
    }
}

/// Held while a process is started.
private let starting = Mutex(())

extension Process {
    /// Starts the program and waits for its end without holding a thread; a task that is cancelled
    /// ends the program.
    func runToEnd() async throws {
        try Task.checkCancellation()
        try await withTaskCancellationHandler {
            let _: Void = try await withCheckedThrowingContinuation { ended in
                terminationHandler = { _ in ended.resume() }
                do { try start() } catch { ended.resume(throwing: error) }
            }
        } onCancel: {
            if isRunning { terminate() }
        }
    }

    /// Starts the program. Foundation's own start is not safe from several threads at once, and,
    /// with many descriptors open, not where the heap ends behind what it reads of them.
    func start() throws {
        try starting.withLock { _ in
            let blocks = unsafe (0..<4).map { _ in unsafe malloc(100 << 10) }
            unsafe blocks.forEach { unsafe free($0) }
            try run()
        }
    }
}

extension Pipe {
    /// The first line that comes out of it, or what comes before its end.
    func firstLine() async -> String {
        let reader = fileHandleForReading
        return await withCheckedContinuation { continuation in
            // Ends with the line, or with who writes.
            DispatchQueue.global().async {
                var bytes = Data()
                while !bytes.contains(0x0A) {
                    let more = reader.availableData
                    if more.isEmpty { break }
                    bytes += more
                }
                let line = String(decoding: bytes, as: UTF8.self).prefix { !$0.isNewline }
                continuation.resume(returning: String(line))
            }
        }
    }
}

/// A folder for one test, taken away at its end.
struct Scratch: Sendable {
    let folder: String

    init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/slipway-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// Writes a file, and the folders above it.
    func write(_ name: String, _ text: String) throws {
        let path = path(name)
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true
        )
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    func remove() {
        // The system clears what is left here.
        try? FileManager.default.removeItem(atPath: folder)
    }
}
