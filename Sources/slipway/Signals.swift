import Foundation
import Glibc

/// The signals that end the server, as a stream.
///
/// They are blocked in every thread and taken by one that waits for them, so that no handler runs
/// in the middle of anything.
enum Signals {
    /// Blocks them in this thread and all that it will start. To be called before any other
    /// thread exists.
    static func block() {
        var set = set
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    private static var set: sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in [SIGTERM, SIGINT, SIGHUP] { unsafe sigaddset(&set, signal) }
        return set
    }

    /// The signals that arrive from now on. SIGHUP is taken and means nothing yet.
    static func stream() -> AsyncStream<Int32> {
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
        let thread = Thread {
            var set = set
            while true {
                var signal: Int32 = 0
                guard unsafe sigwait(&set, &signal) == 0 else { return }
                if signal != SIGHUP { continuation.yield(signal) }
            }
        }
        thread.name = "signals"
        thread.start()
        return stream
    }
}
