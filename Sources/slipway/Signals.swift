import Foundation
import Glibc

/// The signals that end the server, as a stream.
///
/// They are blocked in every thread and taken by one that waits for them, so that no handler runs
/// in the middle of anything.
enum Signals {
    /// To be called before any other thread exists. SIGHUP is taken and means nothing yet.
    static func stream() -> AsyncStream<Int32> {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in [SIGTERM, SIGINT, SIGHUP] { unsafe sigaddset(&set, signal) }
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
        let waited = set
        let thread = Thread {
            var set = waited
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
