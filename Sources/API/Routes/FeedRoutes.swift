import Deployments
import Feed
import HTTP
import Journal
import Threads

/// The routes of the feed, which sends everything that happens over one connection.
struct FeedRoutes: Sendable {
    let feed: LiveFeed
    let limit: StreamLimit

    func add(to router: inout Router<Identity>) {
        router.add(.get, "/api/events/stream", needs: .viewer, stream)
        router.on(.get, "/api/stream-test") { request, _ in Self.test(request) }
    }

    @Sendable private func stream(_ request: Request, _ caller: Caller) async throws -> Response {
        let filter = try Self.filter(request, within: caller.accessScope)
        let slot = try limit.take(for: caller, request)
        guard let subscription = await feed.subscribe(to: filter) else {
            throw ProblemError(
                ProblemDetails(
                    503,
                    "Service Unavailable",
                    "Too many different filters of the feed are being watched. Try again later."
                ).with(header: "Retry-After", "5")
            )
        }
        return Response(events: subscription, for: caller, in: slot)
    }

    private static func filter(_ request: Request, within accessScope: AccessScope) throws
        -> FeedFilter
    {
        var values = QueryValues(request, allowing: ["app", "environment", "ids", "types"])
        var scope = DeploymentFilter(accessScope)
        scope.app = values.text("app")
        scope.environment = values.text("environment")
        scope.ids = values.value("ids", "must be deployment ids separated by commas") {
            let ids = $0.split(separator: ",", omittingEmptySubsequences: false)
                .map { DeploymentID(String($0)) }
            return ids.contains(nil) ? nil : Set(ids.compactMap(\.self))
        }
        let names = FeedEvent.Kind.allCases.map(\.rawValue).joined(separator: ", ")
        let kinds = values.value(
            "types",
            "must be event types separated by commas; the types are \(names)"
        ) {
            let kinds = $0.split(separator: ",", omittingEmptySubsequences: false)
                .map { FeedEvent.Kind(rawValue: String($0)) }
            return kinds.contains(nil) ? nil : Set(kinds.compactMap(\.self))
        }
        guard values.faults.isEmpty else { throw ProblemError(.faults(values.faults)) }
        return kinds.map { FeedFilter(scope: scope, kinds: $0) } ?? FeedFilter(scope: scope)
    }

    /// Sends five ticks, 200 ms apart. If they arrive together, something between server and client
    /// buffers them.
    private static func test(_ request: Request) -> Response {
        let values = QueryValues(request, allowing: [])
        guard values.faults.isEmpty else { return ProblemDetails.faults(values.faults).response }
        let ticks = ContentStream { writer in
            for tick in 1...5 {
                if tick > 1 { try? await Task.pause(for: .milliseconds(200)) }
                guard await writer.write(Array("data: {\"tick\":\(tick)}\n\n".utf8)) else { return }
            }
        }
        return Response(
            status: 200,
            headers: HeaderFields([
                ("Content-Type", "text/event-stream"),
                ("Cache-Control", "no-cache, no-transform"), ("X-Accel-Buffering", "no"),
            ]),
            body: .stream(ticks)
        )
    }
}
