public import Deployments

/// An app in an environment.
public struct AppKey: Sendable, Hashable {
    /// The app.
    public let app: String
    /// The environment.
    public let environment: String

    /// An app in an environment.
    public init(app: String, environment: String) {
        self.app = app
        self.environment = environment
    }

    /// Where a deployment belongs.
    public init(_ deployment: NewDeployment) {
        self.init(app: deployment.app, environment: deployment.environment)
    }
}

/// What a view begins with: one look at the journal, so that everything in it fits together.
public struct JournalSnapshot: Sendable {
    /// A deployment in short.
    public struct DeploymentSummary: Sendable, Equatable {
        /// Its id.
        public let id: DeploymentID
        /// Its place in the order in which deployments were asked for.
        public let number: Int64
        /// Where it belongs.
        public let key: AppKey
        /// How it stands.
        public var status: DeploymentStatus
        /// The newest event's stage.
        public var stage: Stage
        /// How its container stands; nil if it has none.
        public var workload: WorkloadState?
        /// When it ended, or else when it was asked for.
        public var time: Timestamp
        /// The digest of the image that runs; nil before success.
        public var imageDigest: String?

        /// A deployment in short.
        public init(_ record: DeploymentRecord) {
            id = record.deployment.id
            number = record.number
            key = AppKey(record.deployment)
            status = record.state.status
            stage = record.state.stage
            workload = record.state.workload?.state
            time = record.state.finishedAt ?? record.state.createdAt
            imageDigest = record.state.result?.imageDigest
        }

        package init(
            id: DeploymentID,
            number: Int64,
            key: AppKey,
            status: DeploymentStatus,
            stage: Stage,
            workload: WorkloadState?,
            time: Timestamp,
            imageDigest: String?
        ) {
            self.id = id
            self.number = number
            self.key = key
            self.status = status
            self.stage = stage
            self.workload = workload
            self.time = time
            self.imageDigest = imageDigest
        }
    }

    /// The greatest event id at the moment of the look.
    public let lastEventID: Int64
    /// The newest deployments and all that have not ended, newest first.
    public let deployments: [DeploymentRecord]
    /// The ids asked for that are not the view's.
    public let unknownIDs: [DeploymentID]
    /// The newest deployment of each app in each environment, in the order of their names.
    public let latest: [DeploymentSummary]
    /// The deployments that have not ended, or whose container lives.
    public let active: [DeploymentSummary]

    package init(
        lastEventID: Int64,
        deployments: [DeploymentRecord],
        unknownIDs: [DeploymentID],
        latest: [DeploymentSummary],
        active: [DeploymentSummary]
    ) {
        self.lastEventID = lastEventID
        self.deployments = deployments
        self.unknownIDs = unknownIDs
        self.latest = latest
        self.active = active
    }
}
