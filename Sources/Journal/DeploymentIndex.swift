public import Deployments

/// How the deployments stand, found in the ways in which they are asked for.
public protocol DeploymentIndex: Sendable {
    /// The deployment and how it stands; nil for an unknown one.
    func record(of id: DeploymentID) async throws(JournalError) -> DeploymentRecord?

    /// Whose deployment it is, and of which app; nil for an unknown one.
    func owner(of id: DeploymentID) async throws(JournalError) -> DeploymentOwner?

    /// The deployments without a final event, in the order in which they were created.
    func unfinished() async throws(JournalError) -> [DeploymentRecord]

    /// The deployments whose container is, as far as is known, still in the engine, in the order
    /// in which they were created.
    func workloads() async throws(JournalError) -> [DeploymentRecord]

    /// Those of these workloads whose container has, or will have, that name.
    func workloads(named containerName: String) async throws(JournalError) -> [DeploymentRecord]

    /// A page of the deployments that the query asks for.
    func history(_ query: HistoryQuery) async throws(JournalError) -> HistoryPage

    /// What there is of each app in each environment, in the order of their names.
    func apps(within accessScope: AccessScope) async throws(JournalError) -> [AppSummary]

    /// What a view begins with: the newest `limit` deployments of the scope and those that have not
    /// ended, or all of them if it names ids; its apps; and what is active.
    func overview(of scope: DeploymentFilter, limit: Int) async throws(JournalError)
        -> JournalSnapshot
}
