public import Deployments

/// Which deployments a page of the history is to hold.
public struct HistoryQuery: Sendable, Hashable {
    /// Whose deployments.
    public var accessScope: AccessScope
    /// Of this app alone.
    public var app: String?
    /// Only deployments in this environment.
    public var environment: String?
    /// Only deployments with this status.
    public var status: DeploymentStatus?
    /// The most deployments of a page; positive.
    public var limit: Int
    /// Where the page before ended; nil for the first page.
    public var cursor: HistoryCursor?

    /// All of these deployments, in pages of that size.
    public init(_ accessScope: AccessScope, limit: Int = 50) {
        self.accessScope = accessScope
        self.limit = limit
    }

    /// All of a tenant's deployments, in pages of that size.
    public init(tenant: String, limit: Int = 50) {
        self.init(AccessScope(tenant: tenant), limit: limit)
    }
}

/// A place in the history. It stays where it is whatever is deployed or forgotten meanwhile.
public struct HistoryCursor: Sendable, Hashable {
    /// The number of the last deployment before the place.
    package let number: Int64

    package init(number: Int64) {
        self.number = number
    }

    /// Reads what `text` writes; nil for anything else.
    public init?(text: String) {
        guard text.hasPrefix("d"), let number = Int64(text.dropFirst(), radix: 36), number > 0
        else { return nil }
        self.init(number: number)
        guard self.text == text else { return nil }
    }

    /// The place as a client gives it back.
    public var text: String { "d" + String(number, radix: 36) }
}

/// A page of the history.
public struct HistoryPage: Sendable, Equatable {
    /// Newest first.
    public let deployments: [DeploymentRecord]
    /// Where the next page begins; nil if there is none.
    public let next: HistoryCursor?

    /// A page.
    public init(deployments: [DeploymentRecord], next: HistoryCursor?) {
        self.deployments = deployments
        self.next = next
    }
}

/// What there is of an app in one environment.
public struct AppSummary: Sendable, Equatable {
    /// The app.
    public let app: String
    /// The environment.
    public let environment: String
    /// The newest deployment.
    public let latest: DeploymentRecord
    /// The newest deployment whose workload lives; nil if none does.
    public let live: DeploymentRecord?
    /// How many deployments stand so; those of which there is none are left out.
    public let counts: [DeploymentStatus: Int]

    /// A summary.
    public init(
        app: String,
        environment: String,
        latest: DeploymentRecord,
        live: DeploymentRecord?,
        counts: [DeploymentStatus: Int]
    ) {
        self.app = app
        self.environment = environment
        self.latest = latest
        self.live = live
        self.counts = counts
    }

    /// The summary as it is given to callers.
    public var json: JSONValue {
        let numbers = DeploymentStatus.allCases.map {
            JSONMember($0.rawValue, .integer(counts[$0, default: 0]))
        }
        return [
            "app": .string(app), "environment": .string(environment), "latest": latest.json,
            "live": live?.json ?? .null, "counts": .object(numbers),
        ]
    }
}

/// What of the history is kept. Unfinished deployments, and those whose workload lives, always are.
public struct Retention: Sendable, Hashable {
    /// How many final deployments of an app in an environment; positive.
    public var count: Int
    /// For how many days after its end a deployment is kept; positive.
    public var days: Int

    /// The newest 1,000 of each app and environment, of the last 90 days.
    public init(count: Int = 1000, days: Int = 90) {
        self.count = count
        self.days = days
    }

    /// What has ended before this moment is not kept.
    package func cutoff(_ now: Timestamp) -> Timestamp {
        Timestamp(microseconds: now.microseconds - Int64(days) * 24 * 3600 * 1_000_000)
    }
}
