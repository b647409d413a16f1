/// The log of everything that happens to deployments, from which all views are made.
///
/// An event is committed, then given to those who read the commits: whoever follows live and whoever
/// reads later see the same events under the same numbers. Calls may come from any task; none blocks
/// its thread.
public protocol Journal: EventLog, DeploymentIndex, DeploymentDrivers, ContainerOwners,
    ImageOwners, IdempotencyKeys, DeliveryCursors
{
    /// Whether something can be committed right now; throws why not.
    func verifyWritable() async throws(JournalError)

    /// Finishes what waits, and lets go of the store. Every later call throws `.closed`.
    func close() async
}
