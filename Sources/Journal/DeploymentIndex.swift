public import Deployments

/// Finds deployments and their present state.
public protocol DeploymentIndex: Sendable {
    /// The deployment and its state; nil for an unknown one.
    func record(of id: DeploymentID) async throws(JournalError) -> DeploymentRecord?

    /// The owner and the app of the deployment; nil for an unknown one.
    func owner(of id: DeploymentID) async throws(JournalError) -> DeploymentOwner?

    /// The deployments without a final event, in the order in which they were created.
    func unfinished() async throws(JournalError) -> [DeploymentRecord]

    /// The deployments whose container is, as far as is known, still in the engine, in the order in
    /// which they were created.
    func workloads() async throws(JournalError) -> [DeploymentRecord]

    /// Those of `workloads()` whose container has, or will have, that name.
    func workloads(named containerName: String) async throws(JournalError) -> [DeploymentRecord]

    /// A page of the deployments that the query asks for.
    func history(_ query: HistoryQuery) async throws(JournalError) -> HistoryPage

    /// The summaries of all apps in all environments, in the order of their names.
    func apps(within accessScope: AccessScope) async throws(JournalError) -> [AppSummary]

    /// The beginning of a view: its apps, its active deployments, and the newest `limit`
    /// deployments of the scope together with those that have not ended. If the scope names ids, it
    /// has all of those.
    func overview(of scope: DeploymentFilter, limit: Int) async throws(JournalError)
        -> JournalSnapshot
}
