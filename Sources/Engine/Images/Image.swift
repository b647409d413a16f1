/// An image as the engine has it.
public struct Image: Sendable, Equatable {
    /// The image's id: `sha256:` and the digest of its configuration.
    public var id: String
    /// The names and digests under which registries know it: `name@sha256:…`.
    public var repoDigests: [String]
    /// The names and tags under which the engine has it: `name:tag`.
    public var repoTags: [String]
    /// The operating system: `linux`.
    public var os: String
    /// The processor: `amd64`.
    public var architecture: String
    /// The variant of the processor: `v7`. Empty for most images.
    public var variant: String
    /// Whether it has a health check of its own.
    public var hasHealthcheck: Bool
    /// The user that its program runs as; empty for root.
    public var user: String
    /// Whether it names a program to run.
    public var hasCommand: Bool

    /// An image about which nothing else is known.
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
