public import Deployments

/// Knows the driver of each deployment and the intents that a driver must not contradict.
public protocol DeploymentDrivers: Sendable {
    /// Takes a deployment over. The former driver can commit nothing for it from now on.
    ///
    /// This needs no room on the disk, because unfinished deployments must be able to end. Throws
    /// `.unknownDeployment`, or `.alreadyFinal` after a final event.
    func adopt(_ id: DeploymentID) async throws(JournalError) -> Adoption

    /// Stores an action that the driver is about to take and cannot take back. It is durable when
    /// the call returns.
    ///
    /// Throws `.contradicted` if the opposite was intended before, and otherwise as `append` does.
    func intend(_ intent: Intent, by driver: Driver) async throws(JournalError)
}

/// The right to drive a deployment: only the driver with the highest epoch can commit anything for
/// it.
public struct Driver: Sendable, Hashable {
    /// The deployment that is driven.
    public let deploymentID: DeploymentID
    /// The number of times that the deployment was adopted before; not negative.
    public let epoch: Int64

    /// Creates the driver of a deployment in that epoch; epoch 0 belongs to the one that created
    /// it.
    public init(of deploymentID: DeploymentID, epoch: Int64 = 0) {
        self.deploymentID = deploymentID
        self.epoch = epoch
    }
}

/// The result of taking over a deployment.
public struct Adoption: Sendable, Equatable {
    /// The right to drive it.
    public let driver: Driver
    /// The intents of its former drivers.
    public let intents: Intents

    /// Creates an adoption.
    public init(driver: Driver, intents: Intents) {
        self.driver = driver
        self.intents = intents
    }
}

/// An action that a driver is about to take and cannot take back. It is committed before the action
/// begins.
public enum Intent: Sendable, Equatable {
    /// The deployment was asked to end.
    case cancelling
    /// The files are those of that commit, even if the branch has moved on since.
    case fetched(commit: String)
    /// The serving container with that id is stopped because the new one needs its port.
    case stopping(container: String)
    /// The container with that id runs the release command, which must not run twice.
    case releasing(container: String)
    /// The release command has succeeded.
    case released
    /// The new container, which has that id, takes the place of the old one. From here on there is
    /// no way back.
    case takingOver(container: String)
    /// The changes so far are undone, and the deployment ends in that stage. It cannot succeed any
    /// more.
    case undoing(Stage, Failure)
}

/// All intents of a deployment's drivers so far.
public struct Intents: Sendable, Equatable {
    /// Whether the deployment was asked to end.
    public private(set) var isCancelled = false
    /// The commit of the repository that was fetched.
    public private(set) var fetchedCommit: String?
    /// The container that was stopped because the new one needs its port.
    public private(set) var stoppedContainer: String?
    /// The container that runs or has run the release command.
    public private(set) var releaseContainer: String?
    /// Whether the release command has succeeded.
    public private(set) var isReleased = false
    /// The new container that takes the place of the old one.
    public private(set) var servingContainer: String?
    /// The end of the deployment, if its changes are being undone.
    public private(set) var undoing: End?

    /// The end of a deployment whose changes are undone.
    public struct End: Sendable, Equatable {
        /// The final stage.
        public let stage: Stage
        /// The reason, without the list of what was undone.
        public let failure: Failure

        /// Creates an end.
        public init(stage: Stage, failure: Failure) {
            self.stage = stage
            self.failure = failure
        }
    }

    /// Creates the intents of a deployment that has none yet.
    public init() {}

    /// Adds an intent. Throws `.contradicted` if the opposite was intended before.
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
                throw .refused(
                    .contradicted,
                    "the new container is already taking the old one's place"
                )
            }
            undoing = End(stage: stage, failure: failure)
        }
    }

    /// The intents as they are stored.
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

    /// Parses what `json` writes. Anything that cannot be read counts as not intended.
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
