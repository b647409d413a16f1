import Deployments

/// Decides which deployments run, and in what order the others wait.
///
/// At most `slots` run at once, and at most one per container name. The waiting ones are started in their
/// order, except that later ones pass one whose name is busy. At most `capacity` wait; further ones are
/// refused.
struct DeploymentQueue: Sendable {
    let slots: Int
    let capacity: Int
    private(set) var running: [DeploymentID: String] = [:]
    private(set) var waiting: [(id: DeploymentID, name: String)] = []

    init(slots: Int, capacity: Int) {
        self.slots = slots
        self.capacity = capacity
    }

    /// The answer to a deployment that is to be admitted.
    enum Admission: Equatable {
        case runs
        case waits(Wait)
        /// Another deployment of that name is running or waiting.
        case rejected(busy: DeploymentID)
        case full
    }

    enum Wait: Equatable {
        case name(busy: DeploymentID)
        case slot
    }

    /// Admits a deployment, or says why not. `superseded` are the deployments that have lost their place to
    /// it; only those that `mayTakeFrom` allows can be among them.
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

    /// Removes a deployment that has ended or will not begin, and returns those that may run now.
    mutating func remove(_ id: DeploymentID) -> [DeploymentID] {
        running[id] = nil
        waiting.removeAll { $0.id == id }
        return advance()
    }

    /// Adds a deployment that was already accepted. It waits even if the queue is full.
    mutating func restore(_ id: DeploymentID, name: String) {
        waiting.append((id, name))
    }

    /// Adds a deployment that had begun before the server was restarted. It continues even if all slots are
    /// taken.
    mutating func resume(_ id: DeploymentID, name: String) {
        running[id] = name
    }

    /// Returns the deployments that may run now.
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

    /// Whether the deployment is waiting.
    func isWaiting(_ id: DeploymentID) -> Bool {
        waiting.contains { $0.id == id }
    }
}
