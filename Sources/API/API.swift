public import Deployments
public import Executor
public import Feed
public import HTTP
public import Journal
import Pages
public import Workloads

/// Everything the server answers, from routes to handler.
public struct API: Sendable {
    private let router: Router<Identity>
    private let gate: Gate

    /// The routes over an executor and its journal, for those whom `control` lets in.
    public init(
        executor: Executor,
        journal: any Journal,
        workloads: WorkloadFollower,
        streams: DeploymentStreams,
        feed: LiveFeed,
        defaults: RequestDefaults,
        roots: ScriptsRoots,
        access: AccessOptions,
        control: AccessControl,
        engine: EngineProbe
    ) {
        var router = Router<Identity>()
        let limit = StreamLimit(count: access.streamsPerTenant, access: control)
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
        router.addForOperators(.get, "/readyz") { _ in await readiness.answer() }
        router.on(.get, "/healthz") { _, _ in
            .json(["status": "ok"])
        }
        SessionRoutes(access: control).add(to: &router)
        PageRoutes.add(to: &router)
        self.router = router
        gate = Gate(options: access, access: control)
    }

    /// Answers a request.
    public func respond(to request: Request) async -> Response {
        let router = router
        return await gate.pass(request) { await router.respond(to: $0, in: $1) }
    }

    /// All methods and patterns that are answered.
    public var routes: [(method: Method, pattern: String)] { router.patterns }
}
