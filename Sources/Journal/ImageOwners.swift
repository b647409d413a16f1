public import Deployments

/// Which images deployments have brought to the engine.
public protocol ImageOwners: Sendable {
    /// Keeps that a deployment has brought an image that was not there before: by its id, or, where the
    /// deployment has built it, by the name that no other deployment gives one.
    ///
    /// Throws as `EventLog.append` does.
    func own(image: String, by driver: Driver) async throws(JournalError)

    /// The images, by their ids or names, that deployments of the deployment's app and environment have brought,
    /// and that no app needs any more: each keeps so many, the newest that its successes have used.
    ///
    /// - Parameters:
    ///   - image: what the deployment itself uses: the newest of all.
    ///   - count: at least 1.
    func disposableImages(
        of id: DeploymentID,
        using image: String,
        keeping count: Int
    ) async throws(JournalError) -> [String]

    /// Forgets images that are gone.
    func forget(images: [String]) async throws(JournalError)
}
