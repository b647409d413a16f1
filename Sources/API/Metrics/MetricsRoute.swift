import Executor
import Feed
import HTTP
import Metrics
import Workloads

/// Answers `GET /metrics` with the counts of all layers, for Prometheus.
struct MetricsRoute: Sendable {
    let sources: MetricSources
    let executor: Executor
    let feed: LiveFeed
    let workloads: WorkloadMonitor
    /// The number of requests that exceeded a client's rate.
    let refusedByRate: Counter
    /// The number of streams that were refused because of a tenant's limit.
    let refusedStreams: Counter
    /// The number of event streams that continued after an event.
    let reconnects: Counter

    /// The present metrics.
    @Sendable func answer(_ request: Request) async -> Response {
        Response(
            status: 200,
            headers: HeaderFields([
                ("Content-Type", Exposition.contentType), ("Cache-Control", "no-store"),
            ]),
            body: .bytes(Array(Exposition.text(await metrics).utf8))
        )
    }

    private var metrics: [Metric] {
        get async {
            let server = await sources.server()
            let executor = await executor.statistics
            let feed = await feed.statistics
            return [
                .gauge(
                    "slipway_build_info",
                    "The version that runs, as a label; always 1.",
                    1,
                    labels: [("version", sources.version)]
                )
            ] + sources.deployments.metrics + Self.metrics(executor)
                + streams(server, feed) + Self.metrics(feed)
                + Self.metrics(await sources.commands())
                + metrics(of: sources.commits()) + Self.metrics(sources.webhooks())
                + requests(server)
                + [refusals(server, executor, feed)] + ProcessMetrics.metrics
        }
    }

    private static func metrics(_ executor: ExecutorStatistics) -> [Metric] {
        [
            .gauge("slipway_deployments_running", "Deployments that run.", executor.running),
            .gauge("slipway_deployments_queued", "Deployments that wait.", executor.waiting),
        ]
    }

    private func streams(_ server: ServerStatistics, _ feed: FeedStatistics) -> [Metric] {
        [
            .counter(
                "slipway_events_delivered_total",
                "Events that were sent, counted for each event stream.",
                server.delivered
            ),
            .counters(
                "slipway_events_collapsed_total",
                "Progress that was not sent because newer progress of the deployment came before"
                    + " it was due (pace, once a filter) or before the stream took it (behind).",
                [
                    ([("reason", "pace")], feed.merged),
                    ([("reason", "behind")], server.collapsed),
                ]
            ),
            .gauge(
                "slipway_event_streams_open",
                "Event streams that are open.",
                server.openStreams
            ),
            .counter(
                "slipway_event_streams_opened_total",
                "Event streams that have begun.",
                server.streams
            ),
            .counter(
                "slipway_event_stream_reconnects_total",
                "Event streams that were asked for with the id of a last event.",
                reconnects.value
            ),
        ]
    }

    private static func metrics(_ feed: FeedStatistics) -> [Metric] {
        [
            .gauge(
                "slipway_feed_filters",
                "Filters of the feed whose views are kept up to date.",
                feed.views
            ),
            .counter(
                "slipway_feed_snapshots_sent_total",
                "Snapshots that were sent to watchers of the feed.",
                feed.given
            ),
            .histogram(
                "slipway_feed_snapshot_duration_seconds",
                "Time to make a snapshot, which may serve many watchers.",
                feed.times
            ),
            .histogram("slipway_feed_snapshot_size_bytes", "Sizes of snapshots.", feed.sizes),
        ]
    }
}
