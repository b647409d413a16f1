import Deployments
import Engine
import Journal
import Threads

extension WorkloadMonitor {
    /// Looks at every container that the journal knows; false if the engine or the journal could not be
    /// asked.
    func inspectAll() async -> Bool {
        // A journal error is logged by the write that follows.
        guard let records = try? await journal.workloads() else { return false }
        for record in records { add(record) }
        guard let failed = await inspect(Array(workloads.keys)) else { return true }
        noteLoss(failed)
        return false
    }

    /// Looks at the marked containers, as far as the pause since their last look allows it.
    func inspectMarked() async {
        let now = ContinuousClock.now
        for (id, workload) in workloads {
            if let end = workload.stopEnd, end <= now { marked.insert(id) }
        }
        let due = marked.filter { workloads[$0].map { $0.nextInspection <= now } ?? true }
        guard !due.isEmpty else { return }
        marked.subtract(due)
        guard await inspect(Array(due)) != nil else { return }
        // If the engine is lost, everything will be looked at. If it is not, these containers will.
        for id in due where workloads[id] != nil {
            workloads[id]?.nextInspection = .now + options.retryPause
            marked.insert(id)
        }
    }

    /// Asks the engine about containers, and writes what has changed. Gives the failure if the engine does
    /// not answer.
    @discardableResult
    func inspect(_ ids: [DeploymentID]) async -> EngineFailure? {
        var rest = ids[...]
        while !rest.isEmpty {
            let batch = rest.prefix(options.batch)
            rest = rest.dropFirst(batch.count)
            let asked = batch.compactMap { id in workloads[id].map { (id, $0.containerID) } }
            guard !asked.isEmpty else { continue }
            lastInspection += 1
            let inspection = lastInspection
            let answer: ContainerFindings
            do throws(EngineFailure) {
                answer = try await engine.containers(asked.map(\.1))
            } catch {
                return error
            }
            // A container that was told to stop meanwhile must not be taken for one that ended by itself.
            await takeInNews()
            for (id, containerID) in asked {
                let container = answer.found.first { $0.id.hasPrefix(containerID) }
                // The engine was lost before it said anything about this container.
                guard container != nil || answer.missing.contains(containerID) else {
                    return Self.lostMeanwhile
                }
                guard let workload = workloads[id], workload.inspection < inspection else {
                    continue
                }
                let now = ContinuousClock.now
                workloads[id]?.inspection = inspection
                workloads[id]?.nextInspection = now + options.inspectionPause
                workloads[id]?.see(container, at: now)
                await tell(id)
            }
            probes.wake()
        }
        return nil
    }

    private static let lostMeanwhile = EngineFailure(
        code: .dockerUnavailable,
        message: "The engine did not report all containers that were asked about.",
        hint: "Look at the engine's own log."
    )

    /// Writes the changes of a workload. Returns when everything that is known is written, or cannot be.
    func tell(_ id: DeploymentID) async {
        while let before = telling[id] { await before.value }
        guard workloads[id]?.change(at: now()) != nil else { return finishTelling(id) }
        // Awaited right below. A task of its own is not cancelled together with the caller.
        let task = Task {
            await write(id)
            telling[id] = nil
        }
        telling[id] = task
        await task.value
        finishTelling(id)
    }

    private func finishTelling(_ id: DeploymentID) {
        if workloads[id]?.reported.state == .removed { forget(id) }
    }

    private func write(_ id: DeploymentID) async {
        while let event = workloads[id]?.change(at: now()) {
            do {
                _ = try await journal.append(event)
                workloads[id]?.tell(event)
                isJournalNoted = false
            } catch {
                return await cope(with: error, id)
            }
        }
    }

    /// Handles a change that the journal did not take. It is tried again until the deployment is forgotten.
    private func cope(with error: JournalError, _ id: DeploymentID) async {
        guard error.code != .unknownDeployment else { return forget(id) }
        workloads[id]?.nextInspection = .now + options.retryPause
        mark(id)
        guard !isJournalNoted, error.code != .closed else { return }
        isJournalNoted = true
        note("changes of the containers cannot be written for now: \(error)")
    }
}
