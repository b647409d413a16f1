import Docker
import Synchronization

/// What the engine runs by itself: `linux`, `amd64`.
struct EnginePlatform: Sendable, Equatable {
    let os: String
    let architecture: String
}

/// What is known of the engine, for all deployments.
final class EngineCache: Sendable {
    private let known = Mutex<EnginePlatform?>(nil)

    /// Its platform; nil until it has been asked.
    var platform: EnginePlatform? {
        get { known.withLock { $0 } }
        set { known.withLock { $0 = newValue } }
    }

    private struct Use {
        var deployments = 0
        var isShared = false
    }

    /// By repository.
    private let uses = Mutex<[String: Use]>([:])

    private func repository(_ image: String) -> String {
        (try? ImageReference(image)).map { "\($0.registry)/\($0.path)" } ?? image
    }

    /// A deployment may pull the image from here on.
    func begin(with image: String) {
        uses.withLock { uses in
            var use = uses[repository(image)] ?? Use()
            use.deployments += 1
            use.isShared = use.isShared || use.deployments > 1
            uses[repository(image)] = use
        }
    }

    /// The deployment has ended.
    func end(with image: String) {
        uses.withLock { uses in
            guard var use = uses[repository(image)] else { return }
            use.deployments -= 1
            uses[repository(image)] = use.deployments > 0 ? use : nil
        }
    }

    /// Whether another deployment may have pulled the image meanwhile.
    func isShared(_ image: String) -> Bool {
        uses.withLock { $0[repository(image)]?.isShared == true }
    }
}
