public import Deployments

/// Remembers which images deployments have brought to the engine.
public protocol ImageOwners: Sendable {
    /// Stores that a deployment has brought an image that was not there before. The image is given
    /// by its id or, if the deployment has built it, by the name that no other deployment uses.
    ///
    /// Throws as `EventLog.append` does.
    func own(image: String, by driver: Driver) async throws(JournalError)

    /// The images that deployments of this deployment's app and environment have brought and that
    /// no app needs any more, by their ids or names. Each app keeps the newest `count` images that
    /// its successful deployments have used.
    ///
    /// - Parameters:
    ///   - image: the image that the deployment itself uses, which counts as the newest.
    ///   - count: the number of images to keep; at least 1.
    func disposableImages(
        of id: DeploymentID,
        using image: String,
        keeping count: Int
    ) async throws(JournalError) -> [String]

    /// Forgets images that are no longer in the engine.
    func forget(images: [String]) async throws(JournalError)
}
