import Deployments

/// Which deployments run, and in what order the others wait.
///
/// At most `slots` run at once, and at most one for a container name. Those that wait are taken in
/// order, save that one whose name is busy lets later ones of other names pass. At most `capacity`
/// wait; more are turned away.
struct DeploymentQueue: Sendable {
    let slots: Int
    let capacity: Int
    private(set) var running: [DeploymentID: String] = [:]
    private(set) var waiting: [(id: DeploymentID, name: String)] = []

    init(slots: Int, capacity: Int) {
        self.slots = slots
        self.capacity = capacity
    }

    /// What becomes of a deployment that asks to be let in.
    enum Admission: Equatable {
        case runs
        case waits(Wait)
        /// Another of that name is running or waiting.
        case rejected(busy: DeploymentID)
        case full
    }

    enum Wait: Equatable {
        case name(busy: DeploymentID)
        case slot
    }

    /// Lets a deployment in, or says why not. `superseded` are those that have lost their place,
    /// which are only such as `mayTakeFrom` holds for.
    mutating func admit(
        _ id: DeploymentID,
        name: String,
        policy: ConflictPolicy,
        mayTakeFrom: (DeploymentID) -> Bool = { _ in true }
    ) -> (admission: Admission, superseded: [DeploymentID]) {
        let holder = running.first { $0.value == name }?.key
        let waiters = waiting.filter { $0.name == name }.map(\.id)
        if policy == .reject, let busy = holder ?? waiters.first {
            return (.rejected(busy: busy), [])
        }
        let superseded = policy == .supersede ? waiters.filter(mayTakeFrom) : []
        let left = waiting.count - superseded.count
        let busy = holder ?? waiters.first { !superseded.contains($0) }
        if busy == nil, running.count < slots {
            waiting.removeAll { superseded.contains($0.id) }
            running[id] = name
            return (.runs, superseded)
        }
        guard left < capacity else { return (.full, []) }
        waiting.removeAll { superseded.contains($0.id) }
        waiting.append((id, name))
        return (.waits(busy.map { .name(busy: $0) } ?? .slot), superseded)
    }

    /// Takes out a deployment that has ended, or never began; gives those that may run now.
    mutating func remove(_ id: DeploymentID) -> [DeploymentID] {
        running[id] = nil
        waiting.removeAll { $0.id == id }
        return advance()
    }

    /// Takes back a deployment that was accepted before the server was started again. It waits even if the
    /// queue is full.
    mutating func restore(_ id: DeploymentID, name: String) {
        waiting.append((id, name))
    }

    /// Takes back in one that had begun before the server was started again: it runs on, however
    /// many do.
    mutating func resume(_ id: DeploymentID, name: String) {
        running[id] = name
    }

    /// Gives those that may run now.
    mutating func advance() -> [DeploymentID] {
        var started: [DeploymentID] = []
        for candidate in waiting where running.count < slots {
            if running.values.contains(candidate.name) { continue }
            running[candidate.id] = candidate.name
            started.append(candidate.id)
        }
        waiting.removeAll { started.contains($0.id) }
        return started
    }

    /// Whether the deployment waits.
    func isWaiting(_ id: DeploymentID) -> Bool {
        waiting.contains { $0.id == id }
    }
}
