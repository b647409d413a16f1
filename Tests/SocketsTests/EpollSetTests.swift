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
}
