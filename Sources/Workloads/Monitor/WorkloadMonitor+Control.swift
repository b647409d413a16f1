public import Deployments
import Engine
import Journal

extension WorkloadMonitor {
    /// Stops a deployment's container: its program is asked to end, and is killed after `timeoutSeconds`, or
    /// after the time that its request names. Returns once the journal has it as stopping. What follows is
    /// written as it happens.
    ///
    /// A second call is answered like the first. If it allows less time, that counts.
    public func stop(
        _ id: DeploymentID,
        timeoutSeconds: Int?
    ) async throws(WorkloadError) {
        let workload = try await inspected(id)
        guard workload.isUp else { throw .notRunning }
        let timeoutSeconds = timeoutSeconds ?? workload.request.settings.stopGracePeriod ?? 10
        let end = ContinuousClock.now + .seconds(timeoutSeconds)
        workloads[id]?.expectStop(until: end + .seconds(60))
        await tell(id)
        // A stop that is under way and ends the program sooner is enough for this call, too.
        if let other = stops[id], other.end <= end { return }
        let containerID = workload.containerID
        // Cancelled at the end of `run`. Otherwise, it ends with the command.
        let task = Task {
            await stop(id, containerID, timeoutSeconds)
            if stops[id]?.end == end { stops[id] = nil }
        }
        stops[id] = (end, task)
    }

    private func stop(_ id: DeploymentID, _ containerID: String, _ seconds: Int) async {
        do {
            try await engine.stop(containerID, seconds: seconds)
        } catch {
            // The engine goes on with the stop even if the task is cancelled.
            guard error.code != .cancelled else { return }
            if !error.isMissing {
                note("the container of deployment \(id) could not be stopped: \(error.message)")
                workloads[id]?.expectNoStop()
            }
        }
        mark(id)
    }

    /// Starts a deployment's container again. Returns once the journal has it as running.
    public func start(_ id: DeploymentID) async throws(WorkloadError) {
        let workload = try await inspected(id)
        guard !workload.isUp else { throw .alreadyRunning }
        if let other = try await replacing(id, workload) {
            throw .beingReplaced(by: other.app == workload.request.app ? other.id : nil)
        }
        let engine = engine.working(on: EngineWork(image: workload.request.image))
        // Awaited right here. The engine goes on with the start even if the caller is cancelled.
        let refusal = await Task { () -> EngineFailure? in
            do throws(EngineFailure) {
                try await engine.start(workload.containerID)
                return nil
            } catch {
                return error
            }
        }.value
        let failed = await inspect([id])
        if let failure = refusal ?? failed { throw .engine(failure) }
    }

    /// The running deployment that is about to replace a workload's container.
    private func replacing(
        _ id: DeploymentID,
        _ workload: MonitoredWorkload
    ) async throws(WorkloadError) -> NewDeployment? {
        do {
            let tenant = try await journal.owner(of: id)?.tenant
            return try await journal.unfinished().first { record in
                record.state.status == .inProgress && record.deployment.tenant == tenant
                    && record.deployment.containerName == workload.request.containerName
            }?.deployment
        } catch {
            throw .journal(error)
        }
    }

    /// The workload, after a look at its container.
    // If it is inlined, its typed errors crash the compiler's optimizer (Swift 6.3).
    @inline(never)
    private func inspected(_ id: DeploymentID) async throws(WorkloadError) -> MonitoredWorkload {
        let record = try await record(of: id)
        guard let state = record.state.workload?.state else {
            throw .noContainer(record.state.status)
        }
        if state != .removed { add(record) }
        if workloads[id] != nil {
            if let failed = await inspect([id]) {
                throw .engine(failed)
            }
            if let workload = workloads[id] { return workload }
        }
        throw .removed(replacedBy: try await successor(of: record))
    }

    @inline(never)
    func record(of id: DeploymentID) async throws(WorkloadError) -> DeploymentRecord {
        let record: DeploymentRecord?
        do {
            record = try await journal.record(of: id)
        } catch {
            throw .journal(error)
        }
        guard let record else { throw .unknown }
        return record
    }

    /// The deployment whose container has the name now. Nil if it is of another app or tenant, whose
    /// deployments the caller need not know.
    @inline(never)
    func successor(of record: DeploymentRecord) async throws(WorkloadError) -> DeploymentID? {
        let other = workloads.values.first { other in
            other.id != record.deployment.id
                && other.request.containerName == record.deployment.containerName
        }
        guard let other, other.request.app == record.deployment.app else { return nil }
        do {
            let owner = try await journal.owner(of: other.id)
            return owner?.tenant == record.deployment.tenant ? other.id : nil
        } catch {
            throw .journal(error)
        }
    }
}
