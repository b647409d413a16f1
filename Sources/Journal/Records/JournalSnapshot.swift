public import Deployments

/// An app in an environment.
public struct AppKey: Sendable, Hashable {
    /// The app.
    public let app: String
    /// The environment.
    public let environment: String

    /// Creates a key.
    public init(app: String, environment: String) {
        self.app = app
        self.environment = environment
    }

    /// Creates the key of a deployment.
    public init(_ deployment: NewDeployment) {
        self.init(app: deployment.app, environment: deployment.environment)
    }
}

/// The beginning of a view. Everything in it was read at one moment, so that it is consistent.
public struct JournalSnapshot: Sendable {
    /// A deployment in summary.
    public struct DeploymentSummary: Sendable, Equatable {
        /// Its id.
        public let id: DeploymentID
        /// Its number in the order of requests.
        public let number: Int64
        /// Its app and environment.
        public let key: AppKey
        /// Its status.
        public var status: DeploymentStatus
        /// The newest event's stage.
        public var stage: Stage
        /// The state of its container; nil if it has none.
        public var workload: WorkloadState?
        /// The time of its end or, if it has not ended, of its request.
        public var time: Timestamp
        /// The digest of the running image; nil before success.
        public var imageDigest: String?

        /// Creates the summary of a deployment.
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

    /// The greatest event id at that moment.
    public let lastEventID: Int64
    /// The newest deployments and all that have not ended, newest first.
    public let deployments: [DeploymentRecord]
    /// The requested ids that the view does not have.
    public let unknownIDs: [DeploymentID]
    /// The newest deployment of each app in each environment, in the order of their names.
    public let latest: [DeploymentSummary]
    /// The deployments that have not ended or have a live container.
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
