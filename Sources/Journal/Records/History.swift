public import Deployments

/// The selection of the deployments on a page of the history.
public struct HistoryQuery: Sendable, Hashable {
    /// The scope within which deployments are selected.
    public var accessScope: AccessScope
    /// Only deployments of this app.
    public var app: String?
    /// Only deployments in this environment.
    public var environment: String?
    /// Only deployments with this status.
    public var status: DeploymentStatus?
    /// The greatest number of deployments on a page; positive.
    public var limit: Int
    /// The end of the page before; nil for the first page.
    public var cursor: HistoryCursor?

    /// Selects all deployments of the scope, in pages of that size.
    public init(_ accessScope: AccessScope, limit: Int = 50) {
        self.accessScope = accessScope
        self.limit = limit
    }

    /// Selects all deployments of a tenant, in pages of that size.
    public init(tenant: String, limit: Int = 50) {
        self.init(AccessScope(tenant: tenant), limit: limit)
    }
}

/// A position in the history. It stays valid whatever is deployed or forgotten meanwhile.
public struct HistoryCursor: Sendable, Hashable {
    /// The number of the last deployment before the position.
    package let number: Int64

    package init(number: Int64) {
        self.number = number
    }

    /// Parses what `text` writes; nil for anything else.
    public init?(text: String) {
        guard text.hasPrefix("d"), let number = Int64(text.dropFirst(), radix: 36), number > 0
        else { return nil }
        self.init(number: number)
        guard self.text == text else { return nil }
    }

    /// The position as text, which a client sends back.
    public var text: String { "d" + String(number, radix: 36) }
}

/// A page of the history.
public struct HistoryPage: Sendable, Equatable {
    /// The deployments, newest first.
    public let deployments: [DeploymentRecord]
    /// The beginning of the next page; nil if there is none.
    public let next: HistoryCursor?

    /// Creates a page.
    public init(deployments: [DeploymentRecord], next: HistoryCursor?) {
        self.deployments = deployments
        self.next = next
    }
}

/// The deployments of an app in one environment, in summary.
public struct AppSummary: Sendable, Equatable {
    /// The app.
    public let app: String
    /// The environment.
    public let environment: String
    /// The newest deployment.
    public let latest: DeploymentRecord
    /// The newest deployment with a live container; nil if there is none.
    public let live: DeploymentRecord?
    /// The number of deployments by status; statuses without deployments are left out.
    public let counts: [DeploymentStatus: Int]

    /// Creates a summary.
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

    /// The summary as callers receive it.
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

/// The part of the history that is kept. Unfinished deployments and those with a live container are
/// always kept.
public struct Retention: Sendable, Hashable {
    /// The number of ended deployments that are kept of each app and environment; positive.
    public var count: Int
    /// The number of days that a deployment is kept after its end; positive.
    public var days: Int

    /// By default, keeps the newest 1,000 of each app and environment, for 90 days.
    public init(count: Int = 1000, days: Int = 90) {
        self.count = count
        self.days = days
    }

    /// The moment before which ended deployments are not kept.
    package func cutoff(_ now: Timestamp) -> Timestamp {
        Timestamp(microseconds: now.microseconds - Int64(days) * 24 * 3600 * 1_000_000)
    }
}
