public import Deployments
public import Executor
public import Feed
public import HTTP
public import Journal
import Metrics
import Pages
public import Workloads

/// Answers every request: holds all routes and their handlers.
public struct API: Sendable {
    let router: Router<Identity>
    private let middleware: AccessMiddleware
    /// The number of event streams that began after the id of a last event.
    private let reconnects = Counter()

    /// Creates the routes over an executor and its journal, for the callers that `control` admits.
    public init(
        executor: Executor,
        journal: any Journal,
        workloads: WorkloadMonitor,
        streams: DeploymentStreams,
        feed: LiveFeed,
        defaults: RequestDefaults,
        roots: SourceRoots,
        archives: ArchiveStore,
        hooks: [Hook] = [],
        access: AccessOptions,
        control: AccessControl,
        permits: StreamPermits,
        engine: EnginePing,
        volumes: VolumeList,
        metrics: MetricSources
    ) {
        var router = Router<Identity>()
        let limit = StreamLimit(
            count: access.streamsPerTenant,
            access: control,
            permits: permits
        )
        let deployments = DeploymentRoutes(
            executor: executor,
            journal: journal,
            streams: streams,
            decoder: RequestDecoder(defaults: defaults),
            roots: roots,
            archives: archives,
            limit: limit,
            sharesNetworks: access.sharesNetworks
        )
        deployments.add(to: &router)
        HookRoutes(hooks, deployments).add(to: &router)
        FeedRoutes(feed: feed, limit: limit).add(to: &router)
        WorkloadRoutes(workloads: workloads, journal: journal, limit: limit).add(to: &router)
        HistoryRoutes(journal: journal).add(to: &router)
        VolumeRoutes(volumes: volumes).add(to: &router)
        ArchiveRoutes(archives: archives).add(to: &router)
        let middleware = AccessMiddleware(options: access, access: control)
        let metrics = MetricsRoute(
            sources: metrics,
            executor: executor,
            feed: feed,
            workloads: workloads,
            refusedByRate: middleware.refused,
            refusedStreams: limit.refused,
            reconnects: reconnects
        )
        router.add(.get, "/metrics", forOperatorsOf: access, metrics.answer)
        let readiness = Readiness(journal: journal, engine: engine)
        router.add(.get, "/readyz", forOperatorsOf: access) { _ in
            await readiness.answer()
        }
        router.on(.get, "/healthz") { _, _ in
            .json(["status": "ok"])
        }
        SessionRoutes(access: control).add(to: &router)
        PageRoutes.add(to: &router)
        self.router = router
        self.middleware = middleware
    }

    /// The limit of a request's content, and how its handler receives it.
    public func content(_ method: Method, _ segments: [String]) -> ContentLimit {
        router.content(method, segments)
    }

    /// Answers a request.
    public func respond(to request: Request) async -> Response {
        let router = router
        let response = await middleware.pass(request) { await router.respond(to: $0, in: $1) }
        if case .events = response.body, request.method == .get, request.goesOn { reconnects.add() }
        return response
    }
}

extension Request {
    /// Whether an event stream continues an earlier one.
    fileprivate var goesOn: Bool {
        headers["Last-Event-ID"]?.isEmpty == false || queryValue("after") != nil
    }
}
