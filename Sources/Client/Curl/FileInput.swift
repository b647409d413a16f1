internal import Glibc
internal import Sockets
internal import Streams
internal import Synchronization

/// A file that is sent, as a program's input: the bytes that were announced, read as they are taken.
final class FileInput: ByteSource {
    private let file: OutgoingFile
    private let descriptor: FileDescriptor
    private let onProgress: @Sendable () -> Void
    private let given = Atomic<Int64>(0)
    private let taken = Atomic<Int64>(0)

    private static let longestPiece = 256 << 10

    /// - Parameter onProgress: called whenever bytes were taken.
    init(_ file: OutgoingFile, onProgress: @escaping @Sendable () -> Void) throws(ClientError) {
        let number = unsafe open(file.path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { throw Self.failure(file, errno) }
        descriptor = FileDescriptor(owning: number)
        self.file = file
        self.onProgress = onProgress
    }

    /// The next piece; nil once there are as many bytes as were announced.
    func next() async throws -> [UInt8]? {
        let place = given.load(ordering: .relaxed)
        let length = Int(min(file.size - place, Int64(Self.longestPiece)))
        guard length > 0 else { return nil }
        var result = 0
        let piece = unsafe [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            repeat {
                result = unsafe pread(descriptor.number, buffer.baseAddress, length, Int(place))
            } while result < 0 && errno == EINTR
            count = max(0, result)
        }
        guard result >= 0 else { throw Self.failure(file, errno) }
        guard result > 0 else { throw ClientError.lost("\(file.path) has become shorter") }
        given.store(place + Int64(result), ordering: .relaxed)
        return piece
    }

    func accepted(_ count: Int) {
        file.progress(taken.add(Int64(count), ordering: .relaxed).newValue)
        onProgress()
    }

    private static func failure(_ file: OutgoingFile, _ code: Int32) -> ClientError {
        .lost("\(SystemError(code: code, operation: "read", subject: file.path))")
    }
}
