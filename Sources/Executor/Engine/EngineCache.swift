import Deployments
import Engine
import Synchronization

/// What is known of the engine, for all deployments.
final class EngineCache: Sendable {
    private struct Known {
        /// By repository.
        var uses: [String: Use] = [:]
        /// By what was asked for.
        var images: [ImageKey: Image] = [:]
        var lastPull = 0
    }

    /// What deployments that have not ended do with a repository.
    private struct Use {
        var deployments = 0
        /// The pulls that have not ended, by number.
        var pulls: Set<Int> = []
        /// How many pulls may have brought another image.
        var changes = 0
    }

    private struct ImageKey: Hashable {
        let image: String
        let platform: String?
    }

    /// A moment in what is pulled from a repository.
    struct PullMoment: Sendable {
        fileprivate var changes: Int
        fileprivate var lastPull: Int
    }

    /// Images that are remembered.
    private static let mostImages = 256

    private let known = Mutex(Known())

    // MARK: Images

    /// The image as an earlier deployment has found it. It may have gone since, or be another by now: a
    /// pull tells.
    func image(for request: DeploymentRequest) -> Image? {
        known.withLock { $0.images[Self.key(request)] }
    }

    /// Remembers the image that a pull has brought or found.
    func keep(_ image: Image, for request: DeploymentRequest) {
        known.withLock { known in
            let key = Self.key(request)
            // Any of them does: it is looked at again when it is needed.
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

    /// A deployment may pull the image from here on.
    func begin(with image: String) {
        known.withLock { $0.uses[Self.repository(image), default: Use()].deployments += 1 }
    }

    /// The deployment has ended.
    func end(with image: String) {
        known.withLock { known in
            let repository = Self.repository(image)
            known.uses[repository]?.deployments -= 1
            if known.uses[repository]?.deployments == 0 { known.uses[repository] = nil }
        }
    }

    /// A pull begins; gives its number.
    func beginPull(of image: String) -> Int {
        known.withLock { known in
            known.lastPull += 1
            known.uses[Self.repository(image)]?.pulls.insert(known.lastPull)
            return known.lastPull
        }
    }

    /// A pull has ended; `mayHaveChanged` tells whether the image may be another now.
    func endPull(_ number: Int, of image: String, mayHaveChanged: Bool) {
        known.withLock { known in
            let repository = Self.repository(image)
            known.uses[repository]?.pulls.remove(number)
            if mayHaveChanged { known.uses[repository]?.changes += 1 }
        }
    }

    /// This moment, to be compared with a later one.
    func moment(of image: String) -> PullMoment {
        known.withLock { known in
            PullMoment(
                changes: known.uses[Self.repository(image)]?.changes ?? 0,
                lastPull: known.lastPull
            )
        }
    }

    /// Whether a container that was created between two moments may be of another image than there
    /// is now, because of a pull that ran beside its creation.
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
