import Deployments
public import Journal

extension Executor {
    /// Takes over the deployments that an earlier server left unfinished, in their order, and returns their
    /// number. It must be called before anything is submitted.
    public func resume() async throws(JournalError) -> Int {
        let records = try await journal.unfinished()
        // A deployment that had begun has touched the engine, so it continues at once and does not wait
        // again.
        let begun = records.filter { $0.state.stage != .queued }
        let waiting = records.filter { $0.state.stage == .queued }
        for record in begun + waiting { try await restore(record) }
        // A server that was killed could not remove its private files.
        PrivateFiles.sweep(options.privateFolder, keeping: Set(accepted.keys))
        await options.repositories.sweep(keeping: Set(accepted.keys))
        for (index, record) in waiting.enumerated() {
            // A superseded deployment may have been left without its final event.
            let id = record.deployment.id
            guard
                let winner = waiting[(index + 1)...].last(where: {
                    $0.deployment.containerName == record.deployment.containerName
                        && supersedes($0.deployment, record.deployment)
                })
            else { continue }
            accepted[id]?.superseder = winner.deployment.id
            await endSuperseded(id)
        }
        start(begun.map(\.deployment.id) + queue.advance())
        return records.count
    }

    private func supersedes(_ newer: NewDeployment, _ older: NewDeployment) -> Bool {
        guard let request = accepted[newer.id]?.request, request.onConflict == .supersede else {
            return false
        }
        return AccessScope(tenant: newer.tenant, apps: request.replaceableApps)
            .includes(tenant: older.tenant, app: older.app)
    }

    /// Ends a deployment that cannot be continued, because its request or its progress cannot be read from
    /// the journal.
    private func endUnreadable(_ record: DeploymentRecord, _ recorder: ProgressRecorder) async {
        let parts = record.unreadable.isEmpty ? ["request"] : record.unreadable
        let message =
            "What the journal holds of the deployment cannot be read: its"
            + " \(parts.joined(separator: ", "))."
        let result = DeploymentResult(
            success: false,
            message: message,
            containerName: record.deployment.containerName,
            image: record.deployment.image
        )
        let failure = Failure(
            code: .internal,
            stage: record.state.stage,
            message: message,
            hint: "Deploy again. If it happens again, check the disk that holds the journal."
        )
        await recorder.finish(.error, message, outcome: .init(result: result, failure: failure))
    }

    private func restore(_ record: DeploymentRecord) async throws(JournalError) {
        let id = record.deployment.id
        let files = PrivateFiles(folder: options.privateFolder, id: id)
        let values = files.keptValues()
        let redactor = Redactor(values: values?.all ?? [])
        let adoption: Adoption
        do throws(JournalError) {
            adoption = try await journal.adopt(id)
        } catch {
            // Its row in the journal is damaged, and nothing can be continued.
            if error.code == .alreadyFinal { return }
            throw error
        }
        let recorder = ProgressRecorder(
            resuming: record,
            driver: adoption.driver,
            journal: journal,
            redactor: redactor,
            now: now
        )
        guard record.unreadable.isEmpty,
            var request = DeploymentRequest(json: record.deployment.request)
        else {
            files.removeAll()
            await endUnreadable(record, recorder)
            return
        }
        if let values { request.confidentialValues = values }
        var entry = Accepted(
            request: request,
            tenant: record.deployment.tenant,
            redactor: redactor,
            recorder: recorder
        )
        entry.resumePoint = ResumePoint(
            record,
            adoption.intents,
            hasKeptValues: values != nil
        )
        entry.recorded = true
        if adoption.intents.servingContainer != nil {
            entry.control.protect()
        } else if adoption.intents.isCancelled {
            _ = entry.control.end(.cancelled)
        }
        accepted[id] = entry
        if record.state.stage == .queued {
            queue.restore(id, name: request.containerName)
        } else {
            queue.resume(id, name: request.containerName)
        }
    }
}
