import Deployments
import Engine
import Journal
import Threads

/// The containers in the engine that a deployment had created.
struct Cleanup: Sendable {
    let engine: any Engine
    let journal: any ContainerOwners
    let id: DeploymentID
    /// How long an engine that does not answer is waited for.
    var patience: Duration = .seconds(5)

    /// What became of them, for a person.
    struct Removal: Sendable, Equatable {
        var undone: [String] = []
        var left: [String] = []
    }

    /// What came of something that was tried until it was done.
    enum Done<Value: Sendable>: Sendable {
        case done(Value)
        /// There is nothing to do it to.
        case missing

        var value: Value? { if case .done(let value) = self { value } else { nil } }
    }

    /// Removes them all.
    ///
    /// - Parameter known: the ids of those that are known to be the deployment's, whatever becomes
    ///   of the journal.
    func remove(known: [String] = []) async -> Removal {
        var removal = Removal()
        let id = id.text
        let list = await attempt { engine throws(EngineFailure) in
            try await engine.containers(labelled: Label.deployment, id)
        }
        guard let list else {
            removal.left =
                known.isEmpty
                ? ["perhaps a container labelled \(Label.deployment)=\(id)"]
                : known.map { "container \($0.prefix(12))" }
            return removal
        }
        for container in list.value ?? [] {
            guard await isOwn(container.id, known) else { continue }
            let removed = await attempt { engine throws(EngineFailure) in
                try await engine.remove(container.id)
            }
            if removed != nil {
                removal.undone.append("container \(container.name) removed")
            } else {
                removal.left.append("container \(container.name)")
            }
        }
        return removal
    }

    /// Labels alone prove nothing: they are copied with an image.
    private func isOwn(_ container: String, _ known: [String]) async -> Bool {
        if known.contains(container) { return true }
        let look = await attempt { engine throws(EngineFailure) in
            try await engine.container(container)
        }
        guard let found = look?.value ?? nil else { return false }
        // What a journal that cannot be read leaves behind is found by the next look for leftovers.
        return (try? await journal.owner(of: found.claim))?.deployment == id
    }

    /// Tries something until it is done or there is nothing to do it to; nil if it failed every time.
    func attempt<Value: Sendable>(
        _ work: (any Engine) async throws(EngineFailure) -> Value
    ) async -> Done<Value>? {
        let end = ContinuousClock.now + patience
        var pause = Duration.milliseconds(100)
        while true {
            do throws(EngineFailure) {
                return .done(try await work(engine))
            } catch {
                if error.isMissing { return .missing }
            }
            guard ContinuousClock.now < end else { return nil }
            try? await Task.pause(for: pause)  // Not cancelled.
            pause = min(pause * 2, .seconds(2))
        }
    }
}
