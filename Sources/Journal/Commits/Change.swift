package import Deployments

/// A change to commit.
package enum Change: Sendable {
    case create(NewDeployment, EncodedEvent, IdempotencyKey?)
    case append(EncodedEvent, Intent?, Driver)
    case workload(WorkloadEvent)
    /// Forgets the deployment; the text says why, for a person.
    case delete(DeploymentID, Timestamp, String)

    package var deploymentID: DeploymentID {
        switch self {
        case .create(_, let event, _), .append(let event, _, _): event.event.deploymentID
        case .workload(let event): event.deploymentID
        case .delete(let id, _, _): id
        }
    }

    /// Whether the change ends a deployment. That must be possible even if nothing else is.
    package var isFinal: Bool {
        if case .append(let encoded, _, _) = self { encoded.event.stage.isFinal } else { false }
    }

    /// The content of the change for those who read commits.
    package var content: Commit.Change {
        switch self {
        case .create(_, let encoded, _), .append(let encoded, _, _): .progress(encoded.event)
        case .workload: .workload
        case .delete: .deleted
        }
    }

    /// The event that a store inserts for the change. Throws the reason if the change is not
    /// possible in the deployment's present state.
    ///
    /// - Parameter known: the deployment as the store knows it; nil if none has that id.
    package func event(
        for known: DrivenDeployment?
    ) throws(JournalError) -> (kind: StoredEvent.Kind, text: String) {
        let id = deploymentID
        switch (self, known) {
        case (.create, .some):
            throw .refused(.alreadyExists, "there is a deployment \(id) already")
        case (.create(_, let encoded, _), nil):
            return (.progress(encoded.event.stage), encoded.text)
        case (_, nil):
            throw .refused(.unknownDeployment, "there is no deployment \(id)")
        case (.append(let encoded, let intent, let driver), let known?):
            try known.verify(driver)
            if let intent {
                var intents = known.intents
                try intents.add(intent)
            }
            return (.progress(encoded.event.stage), encoded.text)
        case (.workload(let event), let known?):
            guard let workload = known.state.workload else {
                throw .refused(.unknownDeployment, "deployment \(id) has no container")
            }
            return (.workload(event.state), event.json(workload.after(event)).text)
        case (.delete(_, let moment, let message), let known?):
            guard known.state.isFinal else {
                throw .refused(.notFinal, "deployment \(id) has not ended")
            }
            guard known.state.workload?.state.isLive != true else {
                throw .refused(.workloadLives, "the container of deployment \(id) is still live")
            }
            let json: JSONValue = [
                "deployment_id": .string(id.text),
                "timestamp": .string(moment.text),
                "message": .string(message),
            ]
            return (.deleted, json.text)
        }
    }
}

/// An event together with its JSON, so that it is encoded only once.
package struct EncodedEvent: Sendable {
    package let event: Event
    package let text: String

    package init(_ event: Event) {
        self.event = event
        text = event.json.text
    }
}

/// The deployment of a change, as a store knows it.
package struct DrivenDeployment: Sendable {
    package let number: Int64
    package let deployment: NewDeployment
    package var state: DeploymentState
    /// The number of times that the deployment was adopted.
    package var epoch: Int64
    /// The intents of its drivers so far.
    package var intents: Intents
    /// Whether its row must be updated before the commit.
    package var rowIsBehind = false

    package init(_ record: DeploymentRecord, epoch: Int64 = 0, intents: Intents = Intents()) {
        number = record.number
        deployment = record.deployment
        state = record.state
        self.epoch = epoch
        self.intents = intents
    }

    package var record: DeploymentRecord {
        DeploymentRecord(number: number, deployment: deployment, state: state)
    }

    /// Applies a change whose event was inserted under that id.
    package mutating func apply(_ change: Change, id: Int64) {
        switch change {
        case .create(_, let encoded, _): apply(encoded.event, id)
        case .append(let encoded, let intent, _):
            apply(encoded.event, id)
            guard let intent else { return }
            // Contradictions were ruled out before.
            try? intents.add(intent)
            rowIsBehind = true
        case .workload(let event):
            state.apply(event, id: id)
            rowIsBehind = true
        case .delete: return
        }
    }

    private mutating func apply(_ event: Event, _ id: Int64) {
        let before = state
        state.apply(event, id: id)
        // Anything else that has changed can be read from the event that was just inserted.
        if event.stage != before.stage || event.progress < before.progress { rowIsBehind = true }
    }

    /// Throws the reason if that driver cannot commit anything.
    package func verify(_ driver: Driver) throws(JournalError) {
        let id = deployment.id
        guard driver.epoch == epoch else {
            throw .refused(.fenced, "another driver has taken over deployment \(id)")
        }
        guard !state.isFinal else {
            throw .refused(.alreadyFinal, "deployment \(id) has had its final event")
        }
    }
}
