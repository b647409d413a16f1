import Foundation
import Glibc

/// Signals of the process, as a stream.
///
/// They are handled, not blocked: a child is started with no signal blocked, and while it is, a
/// signal that only some thread waits for would end the process.
enum Signals {
    /// Where the handler leaves the number of the signal. Written once, before any handler runs.
    nonisolated(unsafe) private static var mailbox: Int32 = -1

    /// The signals of these numbers that arrive from now on. To be called once.
    ///
    /// Those that are ignored are taken and mean nothing. A child has its own: handlers are not
    /// inherited, as an ignored signal would be.
    static func stream(of numbers: [Int32], ignoring ignored: [Int32] = []) -> AsyncStream<Int32> {
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
        let pipe = Pipe()
        unsafe mailbox = pipe.fileHandleForWriting.fileDescriptor
        for number in ignored { signal(number) { _ in } }
        for number in numbers {
            signal(number) { number in
                let code = errno
                var byte = UInt8(truncatingIfNeeded: number)
                unsafe _ = write(Signals.mailbox, &byte, 1)
                errno = code
            }
        }
        let thread = Thread {
            // Both ends live as long as the process.
            withExtendedLifetime(pipe) {
                while let byte = pipe.fileHandleForReading.readData(ofLength: 1).first {
                    continuation.yield(Int32(byte))
                }
            }
        }
        thread.name = "signals"
        thread.start()
        return stream
    }
}
