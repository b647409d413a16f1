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
            Self.makeRoom()
            try run()
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
        for unsafe block in unsafe blocks { unsafe free(block) }
    }
}
