/// The work of matching paths with patterns: its room, and its end.
///
/// Both come from outside, and together they can make more work than anybody wants to wait for.
struct IgnoreWork {
    /// Why no more is matched.
    enum Halt: Error {
        case abandoned
        /// More has been matched than may be.
        case tooMuch
    }

    /// States of patterns that were looked at.
    private(set) var steps = 0
    private let mostSteps: Int
    private let isAbandoned: () -> Bool
    private var looked = 0

    // The states of one pattern: those that the runes so far lead to.
    private(set) var current: [Int] = []
    private(set) var next: [Int] = []
    private var followed = 0
    /// In which turn a state was added last.
    private var added: [UInt32] = []
    private var turnNumber: UInt32 = 0

    /// - Parameter mostSteps: some thousand millions take a core about half a minute.
    init(mostSteps: Int = 4_000_000_000, isAbandoned: @escaping () -> Bool) {
        self.mostSteps = mostSteps
        self.isAbandoned = isAbandoned
    }

    /// Begins with a pattern that has this many states.
    mutating func prepare(states: Int) {
        if added.count < states {
            added += [UInt32](repeating: 0, count: states - added.count)
        }
        nextTurn()
    }

    /// Goes on with what the last rune led to.
    mutating func turn() throws(Halt) {
        swap(&current, &next)
        try spend(current.count + 1)
        nextTurn()
    }

    /// Counts work that was done besides.
    mutating func spend(_ count: Int) throws(Halt) {
        steps += count
        guard steps - looked > 100_000 else { return }
        looked = steps
        if isAbandoned() { throw .abandoned }
        if steps > mostSteps { throw .tooMuch }
    }

    private mutating func nextTurn() {
        next.removeAll(keepingCapacity: true)
        followed = 0
        if turnNumber == .max {
            added = [UInt32](repeating: 0, count: added.count)
            turnNumber = 0
        }
        turnNumber += 1
    }

    /// Adds a state, once a turn.
    mutating func add(_ state: Int) {
        guard added[state] != turnNumber else { return }
        added[state] = turnNumber
        next.append(state)
    }

    /// The next state that was added and has not been followed.
    mutating func nextToFollow() -> Int? {
        guard followed < next.count else { return nil }
        defer { followed += 1 }
        return next[followed]
    }
}
