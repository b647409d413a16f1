import Glibc
import Testing

@testable import Docker

/// The thread of the docker commands.
@Suite struct CommandThreadTests {
    @Test func aDescriptorThatTheKernelDoesNotReportIsRefused() {
        let thread = CommandThread()
        defer { thread.end() }
        // A file is always ready: the kernel refuses to wait for it. 1 is EPOLLIN.
        let file = unsafe open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        #expect(!thread.add(file, events: 1, token: 1))
        #expect(!thread.add(-1, events: 1, token: 2))
        thread.start { _ in -1 }
    }
}
