import Foundation
import Glibc
import Subprocess
import Synchronization

/// Packs a folder into an archive that can be sent to a server, without what `.dockerignore` and the fixed
/// rules exclude. If a folder has not changed, its archive is the same.
public struct FolderPacking: Sendable {
    private let runner = CommandRunner()
    private let programs: ArchivePrograms

    /// The archive that was made.
    public struct Packed: Sendable {
        /// `sha256:` and 64 hexadecimal digits.
        public let id: String
        /// The number of bytes of the archive.
        public let bytes: Int64
        /// The number of files and links in it.
        public let files: Int
        /// The number of bytes of all files together.
        public let contentBytes: Int64
    }

    /// Why the folder cannot be packed; a sentence.
    public struct Failure: Error {
        /// The sentence.
        public let message: String
    }

    /// - Parameter path: the folders in which gzip, and openssl or sha256sum, are searched for.
    public init(path: String?) {
        programs = ArchivePrograms(runner, path: path)
    }

    /// Packs a folder.
    ///
    /// - Parameters:
    ///   - folder: the absolute path of the folder.
    ///   - kept: a file in it that is included even if `.dockerignore` excludes it.
    ///   - file: the path of the new archive; it must not exist yet.
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
            throw Failure(message: "\(folder) is not a folder.")
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
        // From the start, only the user can read the file.
        let number = unsafe open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw Failure(message: "\(file) cannot be written.") }
        let handle = FileHandle(fileDescriptor: number, closeOnDealloc: true)
        let state = Mutex((count: Int64(0), fault: String?.none))
        let outcome = await runner.run(
            Command(
                programs.gzip,
                // The time and the name are left out, so that the archive is always the same.
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
