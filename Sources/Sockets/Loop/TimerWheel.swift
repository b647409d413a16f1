/// Deadlines in steps of `TimerWheel.step`, each an entry of eight bytes in the slot of its tick.
struct TimerWheel {
    /// One tick, in milliseconds.
    static let step = 50
    private static let slotCount = 2048

    private var slots = [[UInt64]](repeating: [], count: slotCount)
    private var occupied = [UInt64](repeating: 0, count: slotCount / 64)
    /// Every slot up to this tick has been emptied.
    private var swept: UInt32

    init(now: UInt32) {
        swept = now
    }

    /// Files the token and returns the tick at which it will come out. That is never in the past,
    /// and it may be earlier than asked for if that is more than the wheel holds.
    mutating func insert(_ token: UInt64, at tick: UInt32) -> UInt32 {
        let tick = min(max(tick, swept + 1), swept + UInt32(Self.slotCount) - 1)
        let slot = Int(tick) % Self.slotCount
        slots[slot].append(token)
        occupied[slot / 64] |= 1 << UInt64(slot % 64)
        return tick
    }

    /// The tick of the earliest entry.
    var next: UInt32? {
        let start = Int(swept + 1) % Self.slotCount
        var distance = 0
        while distance < Self.slotCount {
            let slot = (start + distance) % Self.slotCount
            let word = occupied[slot / 64] >> UInt64(slot % 64)
            if word != 0 {
                return swept + 1 + UInt32(distance + word.trailingZeroBitCount)
            }
            distance += 64 - slot % 64
        }
        return nil
    }

    /// Takes out all entries that are due at `now`, tick by tick.
    mutating func removeDue(_ now: UInt32) -> [(tick: UInt32, tokens: [UInt64])] {
        var due: [(tick: UInt32, tokens: [UInt64])] = []
        while let tick = next, tick <= now {
            let slot = Int(tick) % Self.slotCount
            due.append((tick, slots[slot]))
            slots[slot] = []
            occupied[slot / 64] &= ~(1 << UInt64(slot % 64))
            swept = tick
        }
        swept = max(swept, now)
        return due
    }
}
