public import HTTP
public import Journal
public import Subprocess
public import Webhooks

/// Where the metrics come from, beside what the API has itself.
public struct MetricSources: Sendable {
    let version: String
    let deployments: DeploymentMetrics
    let server: @Sendable () async -> ServerStatistics
    let commands: @Sendable () async -> CommandStatistics
    let commits: @Sendable () -> CommitStatistics
    let webhooks: @Sendable () -> [WebhookCounts]

    /// Sources, each asked whenever the metrics are. `deployments` is told of the commits by
    /// whoever makes it.
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
