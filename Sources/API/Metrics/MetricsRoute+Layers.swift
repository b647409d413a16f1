import Executor
import Feed
import HTTP
import Journal
import Metrics
import Subprocess
import Webhooks
import Workloads

extension MetricsRoute {
    static func metrics(_ commands: CommandStatistics) -> [Metric] {
        [
            .counters(
                "slipway_docker_commands_total",
                "Docker commands that have ended, by verb and result.",
                commands.ends.sorted {
                    ($0.key.name, $0.key.outcome.rawValue) < ($1.key.name, $1.key.outcome.rawValue)
                }.map { end, count in
                    ([("verb", end.name), ("outcome", end.outcome.rawValue)], count)
                }
            ),
            .gauge(
                "slipway_docker_commands_running",
                "Docker commands that run.",
                commands.running
            ),
        ]
    }

    func metrics(of commits: CommitStatistics) -> [Metric] {
        [
            .histogram(
                "slipway_journal_commit_duration_seconds",
                "Time of the journal's transactions, each of one event or several.",
                commits.times
            ),
            .counter(
                "slipway_journal_commit_failures_total",
                "Transactions of the journal that failed.",
                commits.failures
            ),
        ]
    }

    static func metrics(_ webhooks: [WebhookCounts]) -> [Metric] {
        guard !webhooks.isEmpty else { return [] }
        // Several webhooks may have the same origin.
        let receivers = Set(webhooks.map(\.receiver)).sorted()
        func sum(_ receiver: String, _ value: KeyPath<WebhookCounts, Int>) -> Int {
            webhooks.filter { $0.receiver == receiver }.reduce(0) { $0 + $1[keyPath: value] }
        }
        let outcomes: [(String, KeyPath<WebhookCounts, Int>)] = [
            ("delivered", \.delivered), ("failed_attempt", \.failedAttempts),
            ("given_up", \.givenUp), ("forgotten", \.forgotten),
        ]
        return [
            .counters(
                "slipway_webhook_messages_total",
                "Messages of webhooks, by the receiver's origin and outcome.",
                receivers.flatMap { receiver in
                    outcomes.map { name, value in
                        ([("receiver", receiver), ("outcome", name)], sum(receiver, value))
                    }
                }
            ),
            .gauge(
                "slipway_webhook_messages_pending",
                "Messages to be sent that have been read from the journal.",
                webhooks.reduce(0) { $0 + $1.pending }
            ),
        ]
    }

    func requests(_ server: ServerStatistics) -> [Metric] {
        [
            .counters(
                "slipway_http_requests_total",
                "Requests that were answered, by method and status.",
                server.answers.sorted {
                    ($0.key.method.rawValue, $0.key.status) < (
                        $1.key.method.rawValue, $1.key.status
                    )
                }.map { answer, count in
                    (
                        [
                            ("method", answer.method.rawValue),
                            ("status", String(answer.status)),
                        ], count
                    )
                }
            ),
            .gauge(
                "slipway_http_connections_open",
                "Connections that are open, including those of streams.",
                server.openConnections
            ),
        ]
    }

    /// The number of clients that each limit has turned away or cut off.
    func refusals(
        _ server: ServerStatistics,
        _ executor: ExecutorStatistics,
        _ feed: FeedStatistics
    ) -> Metric {
        var counts = [
            ("rate", refusedByRate.value), ("streams_per_tenant", refusedStreams.value),
            ("queue", executor.refusedDeployments), ("plans", executor.refusedChecks),
            ("logs", workloads.refusedLogs), ("feed_filters", feed.refused),
        ]
        counts += RefusalCounts.Reason.allCases.filter(\.isLimit).map {
            ($0.rawValue, server.refusals[$0])
        }
        return .counters(
            "slipway_limit_refusals_total",
            "Clients that a limit has turned away or cut off.",
            counts.map { ([("limit", $0.0)], $0.1) }
        )
    }
}
