public import Deployments
public import Executor
public import Feed
public import HTTP
public import Journal
import Pages
public import Workloads

/// Everything the server answers, from routes to handler.
public struct API: Sendable {
    private let router: Router
    private let gate: Gate

    /// The routes over an executor and its journal. `openStreams` counts the event streams.
    public init(
        executor: Executor,
        journal: any Journal,
        workloads: WorkloadFollower,
        streams: DeploymentStreams,
        feed: LiveFeed,
        defaults: RequestDefaults,
        roots: ScriptsRoots,
        access: AccessOptions,
        engine: EngineProbe,
        openStreams: @escaping @Sendable () -> Int
    ) {
        var router = Router()
        let limit = StreamLimit(count: access.streamsPerTenant, open: openStreams)
        DeploymentRoutes(
            executor: executor,
            journal: journal,
            streams: streams,
            decoder: RequestDecoder(defaults: defaults),
            roots: roots,
            limit: limit
        ).add(to: &router)
        FeedRoutes(feed: feed, limit: limit).add(to: &router)
        WorkloadRoutes(workloads: workloads, journal: journal).add(to: &router)
        HistoryRoutes(journal: journal).add(to: &router)
        let readiness = Readiness(journal: journal, engine: engine)
        router.on(.get, "/readyz") { _ in await readiness.answer() }
        router.on(.get, "/healthz") { _ in
            .json(["status": "ok"])
        }
        PageRoutes.add(to: &router)
        self.router = router
        gate = Gate(options: access)
    }

    /// Answers a request.
    public func respond(to request: Request) async -> Response {
        let router = router
        return await gate.pass(request) { await router.respond(to: $0) }
    }
}
