/// The log of everything that happens to deployments. All views are made from it.
///
/// An event is committed, then passed to the readers of commits: clients that follow live and
/// clients that read later see the same events with the same numbers. Calls may come from any task;
/// none blocks its thread.
public protocol Journal: EventLog, DeploymentIndex, DeploymentDrivers, ContainerOwners,
    ImageOwners, IdempotencyKeys, DeliveryCursors
{
    /// Throws the reason if nothing can be committed at the moment.
    func verifyWritable() async throws(JournalError)

    /// Commits what waits, and closes the store. Every later call throws `.closed`.
    func close() async
}
