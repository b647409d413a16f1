internal import Glibc
internal import Sockets

/// Waits on the event loop for the end of a curl that was told to end, and reaps it.
///
/// No thread waits for it: one that does not end by itself is killed, and one that the kernel does
/// not let go of is given up.
@EventLoop
final class CurlReaper: PollTarget {
    private let pid: pid_t
    private let errors: FileDescriptor
    /// Nil once it has been called.
    private var told: (@Sendable (CurlChild.Ending?) -> Void)?
    private var isKilled = false

    /// Between the request to end and the kill, and between that and giving up.
    private static let patience = Duration.seconds(2)
    private static let longestSaid = 64 << 10

    /// - Parameters:
    ///   - process: readable once the child has ended.
    ///   - errors: what it has written on standard error.
    ///   - told: called once.
    init(
        pid: pid_t,
        process: consuming FileDescriptor,
        errors: consuming FileDescriptor,
        told: @escaping @Sendable (CurlChild.Ending?) -> Void
    ) {
        self.pid = pid
        self.errors = errors
        self.told = told
        super.init(descriptor: process)
    }

    /// Begins to wait.
    func begin() {
        do throws(SystemError) {
            try Poller.shared.add(self, for: .readable)
            setDeadline(in: Ticks(Self.patience))
        } catch {
            // The kernel has no memory for it: the end is made to come at once.
            kill(pid, SIGKILL)
            reap(0)
        }
    }

    override func ready(_ readiness: Readiness) {
        reap(WNOHANG)
    }

    override func deadlineReached() {
        if isKilled {
            tell(nil)
        } else {
            isKilled = true
            kill(pid, SIGKILL)
            setDeadline(in: Ticks(Self.patience))
        }
    }

    private func reap(_ options: Int32) {
        var code: Int32 = 0
        var result: pid_t = 0
        repeat {
            result = unsafe waitpid(pid, &code, options)
        } while result < 0 && errno == EINTR
        guard result != 0 else { return }
        let ending = CurlChild.Ending(
            said: said(),
            // WIFEXITED and WEXITSTATUS.
            status: result > 0 && code & 0x7F == 0 ? code >> 8 & 0xFF : nil
        )
        close()
        tell(ending)
    }

    /// What is in the pipe; another that has it open too is not waited for.
    private func said() -> String {
        _ = fcntl(errors.number, F_SETFL, O_NONBLOCK)
        var said: [UInt8] = []
        while said.count < Self.longestSaid {
            var count = 0
            said += unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, used in
                count = unsafe read(errors.number, buffer.baseAddress, buffer.count)
                used = max(0, count)
            }
            if count == 0 || count < 0 && errno != EINTR { break }
        }
        return String(decoding: said, as: UTF8.self)
    }

    private func tell(_ ending: CurlChild.Ending?) {
        told?(ending)
        told = nil
    }
}
