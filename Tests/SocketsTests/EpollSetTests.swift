import CLinux
import Glibc
import Testing

@testable import Sockets

/// A descriptor that is not watched any more.
@Suite struct EpollSetTests {
    @Test func removedDescriptorIsNotFoundWhoeverHasACopy() throws {
        let number = epoll_create1(Int32(EPOLL_CLOEXEC))
        try #require(number >= 0)
        let set = EpollSet(owning: FileDescriptor(owning: number))
        var ends: [Int32] = [-1, -1]
        try #require(unsafe pipe2(&ends, O_CLOEXEC) == 0)
        let reading = FileDescriptor(owning: ends[0])
        // As a child has one between its fork and its program's start.
        let copy = FileDescriptor(owning: dup(ends[0]))
        let writing = FileDescriptor(owning: ends[1])
        let isAdded = set.add(reading.number, for: .readable, token: 7)
        #expect(isAdded)
        var byte: UInt8 = 1
        #expect(unsafe write(writing.number, &byte, 1) == 1)
        var found: [EpollSet.Event] = []
        set.wait(0, &found)
        #expect(found.map(\.token) == [7])
        set.remove(reading.number)
        _ = consume reading
        set.wait(0, &found)
        #expect(found.isEmpty)
        let copyNumber = copy.number
        #expect(copyNumber >= 0)
    }

    @Test func targetThatWasNeverAddedIsClosedWhateverItsNumber() async throws {
        try EventLoop.start()
        var ends: [Int32] = [-1, -1]
        let isMade = unsafe pipe2(&ends, O_CLOEXEC) == 0
        try #require(isMade)
        let reading = FileDescriptor(owning: ends[0])
        let number = fcntl(ends[1], F_DUPFD_CLOEXEC, 900)
        Glibc.close(ends[1])
        try #require(number >= 900)
        await close(PollTarget(descriptor: FileDescriptor(owning: number)))
        var byte: UInt8 = 0
        // The end: nobody has the other side.
        #expect(unsafe read(reading.number, &byte, 1) == 0)
    }

    @EventLoop private func close(_ target: sending PollTarget) {
        target.close()
    }
}
