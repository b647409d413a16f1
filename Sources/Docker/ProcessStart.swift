package import Foundation
import Glibc
import Synchronization

extension Process {
    /// Held while a process is started, by whichever runner.
    private static let starting = Mutex(())

    /// Runs it: one at a time, for Foundation's own start is not safe from several threads, and
    /// whatever the number of open descriptors.
    package func start() throws {
        try Self.starting.withLock { _ in
            try Self.reserveDescriptors()
            Self.makeRoom()
            try run()
        }
    }

    /// Throws unless as many more descriptors can be opened as a start takes.
    ///
    /// `run` does not look whether it got the two it asks for. Where it did not, it closes number 0,
    /// which the next to open a file or to accept a connection gets, and then loses to it.
    private static func reserveDescriptors() throws {
        let more = (0..<8).map { _ in unsafe open("/dev/null", O_RDONLY | O_CLOEXEC) }
        for descriptor in more where descriptor >= 0 { close(descriptor) }
        guard more.allSatisfy({ $0 >= 0 }) else {
            throw CocoaError(
                .fileReadUnknown,
                userInfo: [NSLocalizedDescriptionKey: "too many files are open"]
            )
        }
    }

    /// Sees to it that this thread's heap does not end right after what is allocated next.
    ///
    /// To learn which descriptors are open, `run` reads a folder, and copies 256 bytes from where
    /// each name begins, however short it is. With some 1,350 descriptors open the last names
    /// stand at the end of what was read, and the program would die where the heap ends there.
    private static func makeRoom() {
        // Several: one alone may find room in the midst of the heap.
        let blocks = unsafe (0..<4).map { _ in unsafe malloc(100 << 10) }
        unsafe blocks.forEach { unsafe free($0) }
    }
}
