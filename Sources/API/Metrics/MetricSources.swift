public import HTTP
public import Journal
public import Subprocess
public import Webhooks

/// The sources of the metrics that the API does not have itself.
public struct MetricSources: Sendable {
    let version: String
    let deployments: DeploymentMetrics
    let server: @Sendable () async -> ServerStatistics
    let commands: @Sendable () async -> CommandStatistics
    let commits: @Sendable () -> CommitStatistics
    let webhooks: @Sendable () -> [WebhookCounts]

    /// Creates the sources, which are asked each time the metrics are read. The caller must pass
    /// all commits to `deployments`.
    public init(
        version: String,
        deployments: DeploymentMetrics,
        server: @escaping @Sendable () async -> ServerStatistics,
        commands: @escaping @Sendable () async -> CommandStatistics,
        commits: @escaping @Sendable () -> CommitStatistics,
        webhooks: @escaping @Sendable () -> [WebhookCounts]
    ) {
        self.version = version
        self.deployments = deployments
        self.server = server
        self.commands = commands
        self.commits = commits
        self.webhooks = webhooks
    }
}
