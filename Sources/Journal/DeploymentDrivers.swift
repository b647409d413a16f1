public import Deployments

/// Who drives each deployment, and what its drivers must not contradict.
public protocol DeploymentDrivers: Sendable {
    /// Takes a deployment over from whoever drove it, who can commit nothing for it from here on.
    ///
    /// Needs no room on the disk: what is unfinished must be able to end. Throws
    /// `.unknownDeployment`, and `.alreadyFinal` after a final event.
    func adopt(_ id: DeploymentID) async throws(JournalError) -> Adoption

    /// Keeps what the driver is about to do and cannot take back; durable when it returns.
    ///
    /// Throws `.contradicted` if the opposite was intended before, and otherwise as `append` does.
    func intend(_ intent: Intent, by driver: Driver) async throws(JournalError)
}

/// The right to drive a deployment: only the holder of the highest epoch can commit anything for it.
public struct Driver: Sendable, Hashable {
    /// What is driven.
    public let deploymentID: DeploymentID
    /// How often the deployment was adopted before; not negative.
    public let epoch: Int64

    /// The driver of a deployment in that epoch; in epoch 0 it is the one that created it.
    public init(of deploymentID: DeploymentID, epoch: Int64 = 0) {
        self.deploymentID = deploymentID
        self.epoch = epoch
    }
}

/// A deployment that was taken over.
public struct Adoption: Sendable, Equatable {
    /// The right to drive it.
    public let driver: Driver
    /// What its drivers before have set out to do.
    public let intents: Intents

    /// A deployment with such a past.
    public init(driver: Driver, intents: Intents) {
        self.driver = driver
        self.intents = intents
    }
}

/// What a driver sets out to do and cannot take back. It is committed before anything of it is done.
public enum Intent: Sendable, Equatable {
    /// The deployment was asked to end.
    case cancelling
    /// The files are those of that commit, also if the branch has another one by now.
    case fetched(commit: String)
    /// The container of that id, which serves, is stopped because the new one needs its port.
    case stopping(container: String)
    /// The container of that id runs the release command, which must not be run twice.
    case releasing(container: String)
    /// The release command has succeeded.
    case released
    /// The new container, of that id, takes the place of the old one: from here on there is no way
    /// back.
    case takingOver(container: String)
    /// What was done is undone, and the deployment ends in that stage: there is no way on.
    case undoing(Stage, Failure)
}

/// What a deployment's drivers have set out to do so far.
public struct Intents: Sendable, Equatable {
    /// Whether the deployment was asked to end.
    public private(set) var isCancelled = false
    /// The commit of the repository that was fetched.
    public private(set) var fetchedCommit: String?
    /// The container that was stopped because the new one needs its port.
    public private(set) var stoppedContainer: String?
    /// The container that runs the release command, or has run it.
    public private(set) var releaseContainer: String?
    /// Whether the release command has succeeded.
    public private(set) var isReleased = false
    /// The new container that takes the place of the old one.
    public private(set) var servingContainer: String?
    /// How the deployment ends, if what was done is undone.
    public private(set) var undoing: End?

    /// The end of a deployment that is undone.
    public struct End: Sendable, Equatable {
        /// The final stage.
        public let stage: Stage
        /// Why; without what was undone.
        public let failure: Failure

        /// An end.
        public init(stage: Stage, failure: Failure) {
            self.stage = stage
            self.failure = failure
        }
    }

    /// Those of a deployment for which nothing was intended.
    public init() {}

    /// Takes in one more. Throws `.contradicted` if the opposite was intended before.
    public mutating func add(_ intent: Intent) throws(JournalError) {
        switch intent {
        case .cancelling: isCancelled = true
        case .fetched(let commit): fetchedCommit = commit
        case .stopping(let container): stoppedContainer = container
        case .releasing(let container): releaseContainer = container
        case .released: isReleased = true
        case .takingOver(let container):
            guard undoing == nil else {
                throw .refused(.contradicted, "what the deployment has done is being undone")
            }
            servingContainer = container
        case .undoing(let stage, let failure):
            guard servingContainer == nil else {
                throw .refused(.contradicted, "the new container takes the old one's place")
            }
            undoing = End(stage: stage, failure: failure)
        }
    }

    /// The intents as they are kept.
    package var json: JSONValue {
        .object([
            JSONMember("cancelling", .bool(isCancelled)),
            JSONMember("fetched", .optional(fetchedCommit)),
            JSONMember("stopping", .optional(stoppedContainer)),
            JSONMember("releasing", .optional(releaseContainer)),
            JSONMember("released", .bool(isReleased)),
            JSONMember("taking_over", .optional(servingContainer)),
            JSONMember(
                "undoing",
                undoing.map { end in
                    .object([
                        JSONMember("stage", .string(end.stage.rawValue)),
                        JSONMember("failure", end.failure.json),
                    ])
                } ?? .null
            ),
        ])
    }

    /// Reads what `json` writes. What cannot be read was not intended.
    package init(json: JSONValue) {
        isCancelled = json["cancelling"]?.bool == true
        fetchedCommit = json["fetched"]?.string
        stoppedContainer = json["stopping"]?.string
        releaseContainer = json["releasing"]?.string
        isReleased = json["released"]?.bool == true
        servingContainer = json["taking_over"]?.string
        if let end = json["undoing"], let failure = end["failure"].flatMap(Failure.init(json:)),
            let stage = end["stage"]?.string.flatMap(Stage.init(rawValue:))
        {
            undoing = End(stage: stage, failure: failure)
        }
    }
}
