import Deployments
import Engine
import Synchronization

/// What is known of the engine, shared by all deployments.
final class EngineCache: Sendable {
    private struct Known {
        /// The uses of repositories, by repository.
        var uses: [String: Use] = [:]
        /// The images that were found, by what was requested.
        var images: [ImageKey: Image] = [:]
        var lastPull = 0
    }

    /// How deployments that have not ended use a repository.
    private struct Use {
        var deployments = 0
        /// The numbers of the pulls that have not ended.
        var pulls: Set<Int> = []
        /// The number of pulls that may have brought another image.
        var changes = 0
    }

    private struct ImageKey: Hashable {
        let image: String
        let platform: String?
    }

    /// A point in time in the series of pulls from a repository.
    struct PullMoment: Sendable {
        fileprivate var changes: Int
        fileprivate var lastPull: Int
    }

    /// The number of images that are remembered.
    private static let mostImages = 256

    private let known = Mutex(Known())

    // MARK: Images

    /// The image that an earlier deployment has found. It may have been removed or replaced since; a pull
    /// shows that.
    func image(for request: DeploymentRequest) -> Image? {
        known.withLock { $0.images[Self.key(request)] }
    }

    /// Remembers the image that a pull has brought or found.
    func keep(_ image: Image, for request: DeploymentRequest) {
        known.withLock { known in
            let key = Self.key(request)
            // Any image may be forgotten, because it is looked up again when it is needed.
            if known.images.count >= Self.mostImages, known.images[key] == nil {
                known.images.removeValue(forKey: known.images.keys.first ?? key)
            }
            known.images[key] = image
        }
    }

    private static func key(_ request: DeploymentRequest) -> ImageKey {
        ImageKey(image: request.image, platform: request.platform)
    }

    // MARK: Pulls

    private static func repository(_ image: String) -> String {
        (try? ImageReference(image)).map { "\($0.registry)/\($0.path)" } ?? image
    }

    /// Notes that a deployment may pull the image from now on.
    func begin(with image: String) {
        known.withLock { $0.uses[Self.repository(image), default: Use()].deployments += 1 }
    }

    /// Notes that the deployment has ended.
    func end(with image: String) {
        known.withLock { known in
            let repository = Self.repository(image)
            known.uses[repository]?.deployments -= 1
            if known.uses[repository]?.deployments == 0 { known.uses[repository] = nil }
        }
    }

    /// Notes that a pull begins, and returns its number.
    func beginPull(of image: String) -> Int {
        known.withLock { known in
            known.lastPull += 1
            known.uses[Self.repository(image)]?.pulls.insert(known.lastPull)
            return known.lastPull
        }
    }

    /// Notes that a pull has ended. `mayHaveChanged` says whether it may have brought another image.
    func endPull(_ number: Int, of image: String, mayHaveChanged: Bool) {
        known.withLock { known in
            let repository = Self.repository(image)
            known.uses[repository]?.pulls.remove(number)
            if mayHaveChanged { known.uses[repository]?.changes += 1 }
        }
    }

    /// The current point in time, to be compared with a later one.
    func moment(of image: String) -> PullMoment {
        known.withLock { known in
            PullMoment(
                changes: known.uses[Self.repository(image)]?.changes ?? 0,
                lastPull: known.lastPull
            )
        }
    }

    /// Whether a container that was created between two points in time may have another image than the
    /// current one, because a pull ran during its creation.
    func mayHaveChanged(
        _ image: String,
        from start: PullMoment,
        to end: PullMoment
    ) -> Bool {
        known.withLock { known in
            guard let use = known.uses[Self.repository(image)] else { return true }
            return use.changes != start.changes || use.pulls.contains { $0 <= end.lastPull }
        }
    }
}
