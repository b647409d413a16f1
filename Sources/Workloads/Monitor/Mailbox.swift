import Deployments
import Engine
import Synchronization
import Threads

/// Everything that has happened and is not dealt with yet. It comes from deployments, from the engine and
/// from the journal. A container takes up one entry, however much happens to it.
final class Mailbox: Sendable {
    /// What has happened to the containers of one deployment.
    struct Occurrences: Sendable {
        /// The containers' ids.
        var containers: Set<String> = []
        /// When each was last sent a signal by which programs are told to end, by id.
        var stopped: [String: EventTime] = [:]
        /// How the program of each ended last, by id.
        var ended: [String: End] = [:]
        /// The ids of those that were removed.
        var destroyed: Set<String> = []
        /// The ids of those with an event other than their start.
        fileprivate var changed: Set<String> = []

        /// How and when a program ended.
        struct End: Sendable {
            var exitCode: Int
            var time: EventTime
        }

        /// What has happened to one container.
        struct News: Sendable {
            var stopped: EventTime?
            var end: End?
            var isDestroyed: Bool
        }

        /// What has happened to the container whose id begins with `prefix`; nil if nothing has.
        func of(_ prefix: String) -> News? {
            guard let id = containers.first(where: { $0.hasPrefix(prefix) }) else { return nil }
            return News(
                stopped: stopped[id],
                end: ended[id],
                isDestroyed: destroyed.contains(id)
            )
        }

        /// Whether more has happened to the container than its start.
        func hasChanged(_ container: String) -> Bool { changed.contains(container) }
    }

    /// What `take` gives.
    struct Content: Sendable {
        /// What has happened to the containers of deployments.
        var occurrences: [DeploymentID: Occurrences] = [:]
        /// Containers that were seen after their start, and to which nothing has happened since.
        var started: [DeploymentID: Container] = [:]
        /// Containers that are being removed, by the deployment that has taken their place.
        var replaced: [String: DeploymentID] = [:]
        /// Deployments that have succeeded.
        var completed: Set<DeploymentID> = []
        /// Deployments that have ended in another way after they reported something.
        var failed: Set<DeploymentID> = []
        /// Deployments that the journal has forgotten.
        var deleted: Set<DeploymentID> = []
    }

    /// How many containers of one deployment are kept apart. No deployment has as many.
    fileprivate static let mostContainers = 64

    private struct State {
        var content = Content()
        /// Deployments that have reported something and have not ended.
        var telling: Set<DeploymentID> = []
    }

    private let state = Mutex(State())
    private let wakeup: AsyncSignal

    init(wakeup: AsyncSignal) {
        self.wakeup = wakeup
    }

    /// Everything since the last call.
    func take() -> Content {
        state.withLock { state in
            defer { state.content = Content() }
            return state.content
        }
    }

    /// Forgets the containers that were seen after their start. To be called before the engine's events are
    /// followed again, because nobody knows what has happened to these containers meanwhile.
    func restart() {
        state.withLock { $0.content.started = [:] }
    }

    /// Adds what a deployment reports about a container.
    func put(_ notice: ContainerNotice) {
        state.withLock { state in
            switch notice {
            case .started(let container, let id):
                state.telling.insert(id)
                guard state.content.occurrences[id]?.hasChanged(container.id) != true else {
                    return
                }
                state.content.started[id] = container
            case .replaced(let container, let id):
                state.telling.insert(id)
                state.content.replaced[container] = id
            }
        }
        wakeup.wake()
    }

    /// Adds events of the engine.
    func put(_ events: [ContainerEvent]) {
        state.withLock { state in
            for event in events {
                guard let id = event.attributes[Label.deployment].flatMap(DeploymentID.init) else {
                    continue
                }
                state.content.occurrences[id, default: Occurrences()].put(event)
                if event.kind != .started, state.content.started[id]?.id == event.containerID {
                    state.content.started[id] = nil
                }
            }
        }
        wakeup.wake()
    }

    /// Adds events that the journal has committed.
    func put(_ events: [StoredEvent]) {
        let news = events.filter { event in
            if case .progress(let stage) = event.kind {
                stage.isFinal
            } else {
                event.kind == .deleted
            }
        }
        guard !news.isEmpty else { return }
        state.withLock { state in
            for event in news {
                let id = event.deploymentID
                let hasTold = state.telling.remove(id) != nil
                switch event.kind {
                case .deleted: state.content.deleted.insert(id)
                case .progress(.completed): state.content.completed.insert(id)
                // While the engine is lost, nobody takes the content, and many deployments may fail.
                default: if hasTold { state.content.failed.insert(id) }
                }
            }
        }
        wakeup.wake()
    }
}

extension Mailbox.Occurrences {
    fileprivate mutating func put(_ event: ContainerEvent) {
        let isKnown = containers.contains(event.containerID)
        guard isKnown || containers.count < Mailbox.mostContainers else { return }
        containers.insert(event.containerID)
        if event.kind != .started { changed.insert(event.containerID) }
        switch event.kind {
        case .signalled(isEnding: true): stopped[event.containerID] = event.time
        case .ended(let exitCode):
            ended[event.containerID] = exitCode.map { End(exitCode: $0, time: event.time) }
        // An earlier signal was meant for an earlier run.
        case .started: stopped[event.containerID] = nil
        case .removed: destroyed.insert(event.containerID)
        case .signalled, .healthChanged, .paused, .resumed, .other: break
        }
    }
}
