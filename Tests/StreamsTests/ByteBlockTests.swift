import Streams
import Testing

struct ByteBlockTests {
    private func bytes(_ block: ByteBlock) -> [UInt8] {
        unsafe block.withBytes { unsafe Array($0) }
    }

    @Test func itTakesWhatFits() {
        let block = ByteBlock(capacity: 5)
        #expect(block.count == 0 && block.room == 5 && bytes(block).isEmpty)
        #expect(block.append([1, 2, 3]) == 3)
        #expect(block.append([]) == 0)
        #expect(block.append([0, 4, 5, 6, 7][1...]) == 2)
        #expect(block.append([8]) == 0)
        #expect(bytes(block) == [1, 2, 3, 4, 5] && block.room == 0)
        block.removeAll()
        #expect(block.append([9]) == 1)
        #expect(bytes(block) == [9] && block.room == 4)
    }

    @Test func itIsFilledInPlace() {
        let block = ByteBlock(capacity: 10_000)
        _ = block.append([7])
        for (most, written) in [(3, 3), (5, 2), (5, 0), (100_000, 9_994)] {
            unsafe block.fill(atMost: most) { room in
                #expect(room.count == min(most, 10_000 - block.count))
                for index in 0..<written { unsafe room[index] = UInt8(written & 0xFF) }
                return written
            }
        }
        #expect(block.room == 0)
        #expect(bytes(block) == [7, 3, 3, 3, 2, 2] + [UInt8](repeating: 10, count: 9_994))
    }
}
