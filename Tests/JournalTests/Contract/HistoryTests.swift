import Deployments
import Journal
import Testing

@Suite struct HistoryTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func withJournal(
        _ store: Store,
        _ body: (any Journal) async throws -> Void
    ) async throws {
        let journal = try await store.open(directory)
        try await body(journal)
        await journal.close()
    }

    private func pages(_ journal: any Journal, _ query: HistoryQuery) async throws -> [[String]] {
        var query = query
        var pages: [[String]] = []
        repeat {
            let page = try await journal.history(query)
            pages.append(page.deployments.map { $0.json["app"]?.string ?? "" })
            query.cursor = page.next
        } while query.cursor != nil && pages.count < 100
        return pages
    }

    @Test(arguments: Store.allCases)
    func pagesAreNewestFirstAndHoldEachDeploymentOnce(_ store: Store) async throws {
        try await withJournal(store) { journal in
            // The clock goes backwards: the order is that in which they came.
            for turn in 0..<7 {
                let moment = Timestamp(microseconds: 10_000_000 - Int64(turn))
                try await journal.keep(Sample(app: "app\(turn)", createdAt: moment))
            }
            var query = HistoryQuery(tenant: "default", limit: 3)
            #expect(
                try await pages(journal, query)
                    == [["app6", "app5", "app4"], ["app3", "app2", "app1"], ["app0"]]
            )
            query.limit = 7
            #expect(try await pages(journal, query).map(\.count) == [7])
            query.limit = 6
            #expect(try await pages(journal, query).map(\.count) == [6, 1])
            let record = try #require(try await journal.history(query).deployments.first)
            #expect(try await journal.record(of: record.deployment.id) == record)
        }
    }

    @Test(arguments: [Stage.completed, .error, .cancelled, .pullingImage, .queued], Store.allCases)
    func recordsAreTheSameWhereverTheyAreRead(_ stage: Stage, _ store: Store) async throws {
        try await withJournal(store) { journal in
            let sample = Sample()
            try await journal.create(sample.deployment, first: sample.event(.queued, 0))
            if stage != .queued {
                _ = try await journal.append(sample.event(stage, 30), durability: .grouped)
            }
            if stage == .pullingImage {
                let more = sample.event(stage, 31, message: "31 \"of\" 100\n")
                _ = try await journal.append(more, durability: .grouped)
            }
            let record = try #require(try await journal.record(of: sample.id))
            let page = try await journal.history(HistoryQuery(tenant: "default"))
            #expect(page.deployments == [record])
            let overview = try await journal.overview(
                of: DeploymentFilter(tenant: "default"),
                limit: 9
            )
            #expect(overview.deployments == [record])
            #expect(record.row["failure"]?["output_tail"] == nil)
            #expect(overview.latest == [JournalSnapshot.DeploymentSummary(record)])
        }
    }

    @Test(arguments: Store.allCases)
    func overviewIsOfItsScopeAlone(_ store: Store) async throws {
        try await withJournal(store) { journal in
            let old = Sample(app: "shop", environment: "live")
            let new = Sample(app: "shop", environment: "live")
            let site = Sample(app: "site")
            let foreign = Sample(app: "shop", environment: "live", tenant: "other")
            try await journal.keep(old)
            try await journal.keep(new, end: .error)
            try await journal.create(site.deployment, first: site.event(.queued, 0))
            try await journal.keep(foreign)
            let newest = try await journal.overview(
                of: DeploymentFilter(tenant: "default"),
                limit: 0
            )
            #expect(
                newest.deployments.map(\.deployment.id) == [site.id],
                "what has not ended is always there"
            )
            var scope = DeploymentFilter(tenant: "default")
            let all = try await journal.overview(of: scope, limit: 2)
            #expect(all.deployments.map(\.deployment.id) == [site.id, new.id])
            #expect(all.latest.map(\.id) == [new.id, site.id])
            #expect(all.active.map(\.id) == [site.id, old.id])
            #expect(all.lastEventID == (try await journal.lastEventID()))
            scope.app = "shop"
            scope.environment = "live"
            let shop = try await journal.overview(of: scope, limit: 9)
            #expect(shop.deployments.map(\.deployment.id) == [new.id, old.id])
            #expect(shop.active.map(\.id) == [old.id])
            #expect(scope.contains(new.deployment) && !scope.contains(site.deployment))
            scope = DeploymentFilter(tenant: "default")
            scope.ids = [old.id, site.id, foreign.id]
            let some = try await journal.overview(of: scope, limit: 1)
            #expect(some.deployments.map(\.deployment.id) == [site.id, old.id])
            #expect(some.unknownIDs == [foreign.id])
            #expect(some.latest.map(\.id) == [old.id, site.id])
        }
    }

    @Test(arguments: Store.allCases)
    func reachOfSomeAppsHoldsTheseAlone(_ store: Store) async throws {
        try await withJournal(store) { journal in
            let shop = Sample(app: "shop")
            let site = Sample(app: "site")
            let foreign = Sample(app: "site", tenant: "other")
            let blog = Sample(app: "blog")
            for sample in [shop, site, foreign] { try await journal.keep(sample) }
            try await journal.create(blog.deployment, first: blog.event(.queued, 0))
            let accessScope = AccessScope(
                tenant: "default",
                apps: ["site", "blog", "it's \"none\""]
            )
            let page = try await journal.history(HistoryQuery(accessScope))
            #expect(page.deployments.map(\.deployment.id) == [blog.id, site.id])
            var query = HistoryQuery(accessScope)
            query.app = "shop"
            #expect(try await journal.history(query).deployments.isEmpty)
            query = HistoryQuery(accessScope)
            query.status = .queued
            #expect(try await journal.history(query).deployments.map(\.deployment.id) == [blog.id])
            #expect(try await journal.apps(within: accessScope).map(\.app) == ["blog", "site"])
            var scope = DeploymentFilter(accessScope)
            let view = try await journal.overview(of: scope, limit: 9)
            #expect(view.deployments.map(\.deployment.id) == [blog.id, site.id])
            #expect(view.active.map(\.id) == [blog.id, site.id])
            #expect(!scope.contains(shop.deployment) && !scope.contains(foreign.deployment))
            scope.ids = [shop.id, site.id]
            #expect(try await journal.overview(of: scope, limit: 9).unknownIDs == [shop.id])
            let owner = try await journal.owner(of: foreign.id)
            #expect(owner == DeploymentOwner(tenant: "other", app: "site"))
            #expect(try await journal.owner(of: DeploymentID()) == nil)
            let nobody = AccessScope(tenant: "default", apps: [])
            #expect(try await journal.history(HistoryQuery(nobody)).deployments.isEmpty)
        }
    }

    @Test(arguments: Store.allCases)
    func pageGoesOnWhereTheLastEndedWhateverHappensMeanwhile(_ store: Store) async throws {
        try await withJournal(store) { journal in
            let samples = (0..<6).map { Sample(app: "app\($0)") }
            for sample in samples { try await journal.keep(sample, end: .error) }
            var query = HistoryQuery(tenant: "default", limit: 2)
            let first = try await journal.history(query)
            try await journal.keep(Sample(app: "new"))
            for gone in [samples[4], samples[3]] {
                _ = try await journal.delete(gone.id, at: Timestamp(microseconds: 1))
            }
            query.cursor = first.next.flatMap { HistoryCursor(text: $0.text) }
            #expect(query.cursor != nil)
            #expect(try await pages(journal, query) == [["app2", "app1"], ["app0"]])
        }
    }

    @Test(arguments: Store.allCases)
    func filtersApplyTogether(_ store: Store) async throws {
        try await withJournal(store) { journal in
            for app in ["shop", "site"] {
                for environment in ["live", "test"] {
                    let sample = { (tenant: String) in
                        Sample(app: app, environment: environment, tenant: tenant)
                    }
                    try await journal.keep(sample("default"))
                    try await journal.keep(sample("default"), end: .error)
                    try await journal.keep(sample("other"), end: .cancelled)
                    let waiting = sample("other")
                    try await journal.create(waiting.deployment, first: waiting.event(.queued, 0))
                }
            }
            func count(_ change: (inout HistoryQuery) -> Void) async throws -> Int {
                var query = HistoryQuery(tenant: "default")
                change(&query)
                return try await journal.history(query).deployments.count
            }
            #expect(try await count { _ in } == 8)
            #expect(try await count { $0.accessScope = AccessScope(tenant: "other") } == 8)
            #expect(try await count { $0.accessScope = AccessScope(tenant: "nobody") } == 0)
            #expect(try await count { $0.status = .queued } == 0)
            let other = AccessScope(tenant: "other")
            #expect(try await count { ($0.accessScope, $0.status) = (other, .queued) } == 4)
            #expect(
                try await count {
                    ($0.accessScope, $0.app, $0.status) = (
                        AccessScope(tenant: "other"), "shop", .queued
                    )
                } == 2
            )
            #expect(try await count { $0.app = "shop" } == 4)
            #expect(try await count { $0.environment = "test" } == 4)
            #expect(try await count { $0.status = .failed } == 4)
            #expect(try await count { $0.status = .cancelled } == 0)
            #expect(try await count { ($0.app, $0.environment) = ("site", "live") } == 2)
            #expect(try await count { ($0.app, $0.status) = ("site", .success) } == 2)
            #expect(
                try await count {
                    ($0.app, $0.environment, $0.status) = ("site", "live", .failed)
                } == 1
            )
            #expect(try await count { $0.app = "shop' OR '1'='1" } == 0)
        }
    }

    @Test(
        arguments: ["", "d", "1", "dx!", "d-1", "d0", "D1", "d01", "dzzzzzzzzzzzzzzzz"],
        Store.allCases
    )
    func textThatIsNoCursorIsRefused(_ text: String, _ store: Store) {
        #expect(HistoryCursor(text: text) == nil)
    }

    @Test(arguments: Store.allCases)
    func appsTellTheLatestTheLivingAndTheCounts(_ store: Store) async throws {
        try await withJournal(store) { journal in
            let old = Sample(app: "shop", environment: "live")
            let good = Sample(app: "shop", environment: "live")
            let bad = Sample(app: "shop", environment: "live")
            try await journal.keep(old, then: .removed)
            try await journal.keep(good, then: .unhealthy)
            try await journal.keep(bad, end: .error)
            let site = Sample(app: "site")
            try await journal.create(site.deployment, first: site.event(.queued, 0))
            let test = Sample(app: "shop", environment: "test")
            try await journal.keep(test, then: .stopped)
            try await journal.keep(Sample(app: "shop", tenant: "other"))

            let apps = try await journal.apps(within: AccessScope(tenant: "default"))
            #expect(
                apps.map { "\($0.app) \($0.environment)" } == [
                    "shop live", "shop test", "site default",
                ]
            )
            #expect(apps.map(\.latest.deployment.id) == [bad.id, test.id, site.id])
            #expect(apps.map(\.live?.deployment.id) == [good.id, nil, nil])
            #expect(apps[0].counts == [.success: 2, .failed: 1])
            #expect(apps[2].counts == [.queued: 1])
            let json = apps[0].json
            #expect(json["live"]?["workload"]?["state"]?.string == "unhealthy")
            #expect(
                json.members?.map(\.name) == ["app", "environment", "latest", "live", "counts"]
            )
            #expect(json["counts"]?["failed"]?.integer == 1)
            #expect(json["counts"]?["queued"]?.integer == 0)
            #expect(try await journal.apps(within: AccessScope(tenant: "nobody")).isEmpty)
        }
    }

    @Test(arguments: Store.allCases)
    func latestThatLivesIsBothTheLatestAndTheLiving(_ store: Store) async throws {
        try await withJournal(store) { journal in
            let sample = Sample()
            try await journal.keep(sample)
            let app = try #require(
                try await journal.apps(within: AccessScope(tenant: "default")).first
            )
            #expect(app.live == app.latest)
        }
    }
}
