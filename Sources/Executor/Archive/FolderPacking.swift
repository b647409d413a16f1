import Foundation
import Glibc
import Subprocess
import Synchronization

/// Packs a folder into an archive file, as it is sent to a server: what `.dockerignore` and the rules that
/// always hold leave out is not in it. A folder that has not changed makes the same archive.
public struct FolderPacking: Sendable {
    private let runner = CommandRunner()
    private let programs: ArchivePrograms

    /// An archive that was made.
    public struct Packed: Sendable {
        /// `sha256:` and 64 hexadecimal digits.
        public let id: String
        /// Of the archive.
        public let bytes: Int64
        /// Files and links in it.
        public let files: Int
        /// Of the files together.
        public let contentBytes: Int64
    }

    /// Why it cannot be packed; a sentence.
    public struct Failure: Error {
        /// The sentence.
        public let message: String
    }

    /// - Parameter path: the folders in which gzip, and openssl or sha256sum, are looked for.
    public init(path: String?) {
        programs = ArchivePrograms(runner, path: path)
    }

    /// Packs a folder.
    ///
    /// - Parameters:
    ///   - folder: absolute.
    ///   - kept: a file in it that is taken whatever `.dockerignore` says.
    ///   - file: where the archive is made; it must not be there yet.
    public func pack(
        _ folder: String,
        keeping kept: String? = nil,
        into file: String
    ) async throws(Failure) -> Packed {
        let roots = SourceRoots([folder])
        let stall = Duration.seconds(60)
        let source: SourceFolder
        do throws(SourceRoots.FolderFault) {
            let real = try await roots.resolve(folder)
            switch await roots.collect(real, keeping: kept, stall: stall) {
            case .success(let found): source = found
            case .failure(let fault): throw SourceRoots.FolderFault(fault.message)
            }
        } catch {
            throw Failure(message: "The folder \(folder) cannot be packed: \(error.message).")
        }
        guard case .folder(let held) = source.origin else {
            throw Failure(message: "\(folder) is no folder.")
        }
        let headers = EntryHeaders(destination: "/", owner: .root)
        let input = ArchiveInput(source: source, folder: held, headers: headers, stall: stall)
        let written = try await compress(input, into: file)
        let id = try await hash(file)
        return Packed(
            id: "sha256:\(id)",
            bytes: written,
            files: source.fileCount,
            contentBytes: source.byteCount
        )
    }

    private func compress(_ input: ArchiveInput, into file: String) async throws(Failure) -> Int64 {
        // Nobody else's to read, from the start.
        let number = unsafe open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw Failure(message: "\(file) cannot be written.") }
        let handle = FileHandle(fileDescriptor: number, closeOnDealloc: true)
        let state = Mutex((count: Int64(0), fault: String?.none))
        let outcome = await runner.run(
            Command(
                programs.gzip,
                // Without the time and the name, so that it is the same each time.
                ["-n", "-c", "-6"],
                environment: ["LC_ALL": "C"],
                name: "gzip",
                input: .stream,
                deadline: nil,
                outputLimit: 0
            ),
            input: input,
            onOutput: { bytes in
                state.withLock { state in
                    guard state.fault == nil else { return }
                    do {
                        try handle.write(contentsOf: Data(bytes))
                        state.count += Int64(bytes.count)
                    } catch {
                        state.fault = error.localizedDescription
                    }
                }
            }
        )
        if let fault = input.failure {
            throw Failure(message: "The folder changed while it was packed: \(fault.message).")
        }
        let (count, fault) = state.withLock { ($0.count, $0.fault) }
        if let fault { throw Failure(message: "\(file) cannot be written: \(fault).") }
        guard outcome.succeeded else { throw Self.failure(outcome, "gzip") }
        return count
    }

    private func hash(_ file: String) async throws(Failure) -> String {
        let outcome = await runner.run(
            Command(
                programs.hash.program,
                programs.hash.arguments + [file],
                environment: ["LC_ALL": "C"],
                name: "sha256",
                deadline: nil,
                outputLimit: 65_536
            )
        )
        guard outcome.succeeded, outcome.output.count >= 64 else {
            throw Self.failure(outcome, programs.hash.program)
        }
        return String(decoding: outcome.output.prefix(64), as: UTF8.self)
    }

    private static func failure(_ outcome: CommandOutcome, _ name: String) -> Failure {
        Failure(message: "\(name) has failed: \(outcome.failureText).")
    }
}
