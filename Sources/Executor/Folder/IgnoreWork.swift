/// The memory and the limit for matching paths with patterns.
///
/// Both paths and patterns come from outside, and together they can cause an unacceptable amount of work.
struct IgnoreWork {
    /// Why matching was stopped.
    enum Halt: Error {
        case abandoned
        /// The limit was exceeded.
        case tooMuch
    }

    /// The number of pattern states that were examined.
    private(set) var steps = 0
    private let mostSteps: Int
    private let isAbandoned: () -> Bool
    private var stepsAtCheck = 0

    // The states of one pattern that the runes so far have led to.
    private(set) var current: [Int] = []
    private(set) var next: [Int] = []
    private var followed = 0
    /// The turn in which each state was added last.
    private var added: [UInt32] = []
    private var turnNumber: UInt32 = 0

    /// - Parameter mostSteps: the limit; a few thousand million steps take a core about half a minute.
    init(mostSteps: Int = 4_000_000_000, isAbandoned: @escaping () -> Bool) {
        self.mostSteps = mostSteps
        self.isAbandoned = isAbandoned
    }

    /// Begins with a pattern of this many states.
    mutating func prepare(states: Int) {
        if added.count < states {
            added += [UInt32](repeating: 0, count: states - added.count)
        }
        nextTurn()
    }

    /// Continues from the states that the last rune has led to.
    mutating func turn() throws(Halt) {
        swap(&current, &next)
        try spend(current.count + 1)
        nextTurn()
    }

    /// Counts other work towards the limit.
    mutating func spend(_ count: Int) throws(Halt) {
        steps += count
        guard steps - stepsAtCheck > 100_000 else { return }
        stepsAtCheck = steps
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

    /// Adds a state, but only once per turn.
    mutating func add(_ state: Int) {
        guard added[state] != turnNumber else { return }
        added[state] = turnNumber
        next.append(state)
    }

    /// The next state that was added and not followed yet.
    mutating func nextToFollow() -> Int? {
        guard followed < next.count else { return nil }
        defer { followed += 1 }
        return next[followed]
    }
}
