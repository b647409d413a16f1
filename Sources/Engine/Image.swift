/// An image as the engine has it.
public struct Image: Sendable, Equatable {
    /// The image's id: `sha256:` and the digest of its configuration.
    public var id: String
    /// Under which digests registries know it: `name@sha256:…`.
    public var repoDigests: [String]
    /// Under which names and tags the engine has it.
    public var repoTags: [String]
    /// The operating system: `linux`.
    public var os: String
    /// The processor: `amd64`.
    public var architecture: String
    /// Empty for most.
    public var variant: String
    /// Whether it brings a check of its own.
    public var hasHealthcheck: Bool
    /// Whom its program runs as; empty for root.
    public var user: String
    /// Whether it says which program to run.
    public var hasCommand: Bool

    /// An image of which no more is known.
    public init(id: String, repoDigests: [String] = [], os: String, architecture: String) {
        self.id = id
        self.repoDigests = repoDigests
        self.os = os
        self.architecture = architecture
        repoTags = []
        user = ""
        variant = ""
        hasHealthcheck = false
        hasCommand = true
    }

    /// Whether a registry knows it under this digest: `sha256:…`.
    public func isKnown(as digest: String?) -> Bool {
        guard let digest else { return false }
        return repoDigests.contains { $0.hasSuffix("@\(digest)") }
    }

    /// The digest under which the registry of `image` knows it: `sha256:…`.
    public func digest(for image: String) -> String? {
        guard let reference = try? ImageReference(image) else { return nil }
        let matches = repoDigests.compactMap { text -> String? in
            guard let known = try? ImageReference(text), let digest = known.digest,
                known.registry == reference.registry, known.path == reference.path
            else { return nil }
            return digest
        }
        return matches.first { $0 == reference.digest } ?? matches.first
    }
}
