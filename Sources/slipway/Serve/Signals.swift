import Foundation
import Glibc
import Synchronization

/// Signals of the process, as a stream.
///
/// They are handled, not blocked: a child process is started with no signal blocked, and while it is being
/// started, a signal that is blocked in only some threads would end the process.
enum Signals {
    /// The descriptor to which the handler writes a signal's number. It is set once, before any handler
    /// runs.
    nonisolated(unsafe) private static var mailbox: Int32 = -1
    private struct Listener {
        let numbers: [Int32]
        let continuation: AsyncStream<Int32>.Continuation
    }
    private static let listeners = Mutex<[Listener]>([])

    /// The signals of these numbers that arrive from now on; each stream gets all of them.
    ///
    /// Signals in `ignored` are caught and dropped. They are not set to be ignored, because children would
    /// inherit that, while they do not inherit handlers. A signal that the process was started to ignore
    /// stays ignored unless `evenIfIgnored` is set.
    static func stream(
        of numbers: [Int32],
        ignoring ignored: [Int32] = [],
        evenIfIgnored: Bool = false
    ) -> AsyncStream<Int32> {
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
        let isFirst = listeners.withLock { listeners in
            listeners.append(Listener(numbers: numbers, continuation: continuation))
            return listeners.count == 1
        }
        if isFirst { listen() }
        for number in ignored { signal(number) { _ in } }
        for number in numbers where evenIfIgnored || !isIgnored(number) {
            signal(number) { number in
                let code = errno
                var byte = UInt8(truncatingIfNeeded: number)
                unsafe _ = write(Signals.mailbox, &byte, 1)
                errno = code
            }
        }
        return stream
    }

    private static func listen() {
        let pipe = Pipe()
        unsafe mailbox = pipe.fileHandleForWriting.fileDescriptor
        let thread = Thread {
            // Both ends of the pipe live as long as the process.
            withExtendedLifetime(pipe) {
                while let byte = pipe.fileHandleForReading.readData(ofLength: 1).first {
                    let number = Int32(byte)
                    for listener in listeners.withLock({ $0 })
                    where listener.numbers.contains(number) {
                        listener.continuation.yield(number)
                    }
                }
            }
        }
        thread.name = "signals"
        thread.start()
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard unsafe sigaction(number, nil, &action) == 0 else { return false }
        // SIG_IGN is the handler at address 1.
        return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}
