import Deployments
import Engine
import Journal

extension WorkloadMonitor {
    /// Looks for containers that carry a deployment's label and are no workload. Those that failed
    /// deployments have left are removed. Those that the journal does not know, as after its loss, are
    /// reported. False if the engine or the journal could not be asked.
    func sweep() async -> Bool {
        // The failure is noted by the task that follows the engine's events.
        guard let found = try? await engine.containers(labelled: Label.deployment, nil) else {
            return false
        }
        let known = workloads.values.map(\.containerID)
        // Containers that are gone need not be remembered.
        reported.formIntersection(found.map(\.id))
        var rest =
            found
            .filter { container in
                Self.isAside(container.name) || !known.contains { container.id.hasPrefix($0) }
            }
            .map(\.id)[...]
        while !rest.isEmpty {
            let batch = rest.prefix(options.batch)
            rest = rest.dropFirst(batch.count)
            // Containers that are removed meanwhile are missing from the answer.
            guard let answer = try? await engine.containers(Array(batch)) else { return false }
            for container in answer.found {
                guard await deal(with: container) else { return false }
            }
        }
        return true
    }

    private func deal(with container: Container) async -> Bool {
        var record: DeploymentRecord?
        let owner: ContainerOwner?
        do {
            owner = try await journal.owner(of: container.claim)
            if let owner { record = try await journal.record(of: owner.deployment) }
        } catch {
            return false
        }
        guard let owner else {
            report(container, "carries Slipway's labels, and the journal does not know it")
            return true
        }
        guard let record else {
            report(container, "belongs to deployment \(owner.deployment), which is forgotten")
            return true
        }
        switch record.state.status {
        case .queued, .inProgress: return true
        case .success
        where container.name
            == ReleaseCommand.containerName(record.deployment.containerName, owner.deployment):
            return await remove(container, owner)
        case .success:
            // The journal may have the container as removed because another engine was asked.
            guard let own = record.state.result?.containerID, container.id.hasPrefix(own) else {
                let id = owner.deployment
                report(container, "belongs to deployment \(id), whose container is another")
                return true
            }
            do {
                if try await isReplaced(container) { return await remove(container, owner) }
            } catch {
                return false
            }
            add(record)
            mark(record.deployment.id)
            return true
        case .failed, .cancelled, .superseded: return await remove(container, owner)
        }
    }

    /// Whether another container has taken its place, so that it only has to be removed.
    private func isReplaced(_ container: Container) async throws(JournalError) -> Bool {
        guard Self.isAside(container.name) else { return false }
        return try await journal.workloads().contains {
            $0.state.result?.replaced == container.id
        }
    }

    /// Whether the name is one that a container has while another takes its place.
    private static func isAside(_ name: String) -> Bool { name.contains(".replaced-") }

    private func remove(_ container: Container, _ owner: ContainerOwner) async -> Bool {
        do {
            try await engine.remove(container.id)
        } catch {
            guard error.isMissing else { return false }
        }
        let id = owner.deployment
        note("container \(container.name), left behind by deployment \(id), is removed")
        return true
    }

    /// Notes once that a container is left alone.
    private func report(_ container: Container, _ what: String) {
        guard reported.insert(container.id).inserted else { return }
        note("container \(container.name) \(what); it is left alone")
    }
}
