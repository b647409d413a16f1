import Foundation
import Glibc

/// The signals that end the server, as a stream.
///
/// They are handled, not blocked: a child is started with no signal blocked, and while it is, a
/// signal that only some thread waits for would end the server.
enum Signals {
    /// Where the handler leaves the number of the signal. Written once, before any handler runs.
    nonisolated(unsafe) private static var mailbox: Int32 = -1

    /// The signals that arrive from now on. SIGHUP is taken and means nothing yet; SIGPIPE is
    /// taken, so that a write to somebody who has gone is an error and nothing more. A child has
    /// its own: handlers are not inherited.
    static func stream() -> AsyncStream<Int32> {
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
        let pipe = Pipe()
        unsafe mailbox = pipe.fileHandleForWriting.fileDescriptor
        for number in [SIGTERM, SIGINT, SIGHUP, SIGPIPE] {
            signal(number) { number in
                guard number == SIGTERM || number == SIGINT else { return }
                var byte = UInt8(number)
                unsafe _ = write(Signals.mailbox, &byte, 1)
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
