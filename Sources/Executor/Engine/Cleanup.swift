import Deployments
import Engine
import Journal
import Threads

/// Removes the containers that a deployment has created in the engine.
struct Cleanup: Sendable {
    let engine: any Engine
    let journal: any ContainerOwners
    let id: DeploymentID
    /// How long to wait for an engine that does not answer.
    var patience: Duration = .seconds(5)

    /// What was removed and what was left, for people.
    struct Removal: Sendable, Equatable {
        var undone: [String] = []
        var left: [String] = []
    }

    /// The result of something that was tried until it was done.
    enum Done<Value: Sendable>: Sendable {
        case done(Value)
        /// The object does not exist.
        case missing

        var value: Value? { if case .done(let value) = self { value } else { nil } }
    }

    /// Removes all of them.
    ///
    /// - Parameter known: the ids of containers that are known to be the deployment's, also if the journal
    ///   cannot be read.
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

    /// Whether the container belongs to the deployment. Labels alone prove nothing, since they are copied
    /// with an image.
    private func isOwn(_ container: String, _ known: [String]) async -> Bool {
        if known.contains(container) { return true }
        let inspection = await attempt { engine throws(EngineFailure) in
            try await engine.container(container)
        }
        guard let found = inspection?.value ?? nil else { return false }
        // A container that is left because the journal cannot be read is found by the next sweep.
        return (try? await journal.owner(of: found.claim))?.deployment == id
    }

    /// Tries something until it is done or its object does not exist; nil if it has failed every time.
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
            try? await Task.pause(for: pause)  // The task is never cancelled.
            pause = min(pause * 2, .seconds(2))
        }
    }
}
