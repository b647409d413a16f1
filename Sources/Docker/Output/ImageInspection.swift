import Deployments

/// An image as the engine has it.
public struct ImageInspection: Sendable, Equatable {
    /// The image's id: `sha256:` and the digest of its configuration.
    public var id: String
    /// Under which digests registries know it: `name@sha256:…`.
    public var repoDigests: [String]
    /// The operating system: `linux`.
    public var os: String
    /// The processor: `amd64`.
    public var architecture: String
    /// Empty for most.
    public var variant: String
    /// Whether it brings a check of its own.
    public var hasHealthcheck: Bool
    /// Whether it says which program to run.
    public var hasCommand: Bool

    static let format =
        #"{"id":{{json .ID}},"digests":{{json .RepoDigests}},"os":{{json .Os}},"#
        + #""architecture":{{json .Architecture}},"variant":{{json .Variant}},"#
        + #""config":{{json .Config}}}"#

    /// The image in a command's output; nil if there is none.
    public static func decode(_ output: [UInt8]) -> ImageInspection? {
        output.split(separator: UInt8(ascii: "\n")).lazy.compactMap { line in
            (try? JSONValue(parsing: Array(line))).flatMap(ImageInspection.init(json:))
        }.first
    }

    private init?(json: JSONValue) {
        guard let id = json["id"]?.string else { return nil }
        self.id = id
        repoDigests = json["digests"]?.elements?.compactMap(\.string) ?? []
        os = json["os"]?.string ?? ""
        architecture = json["architecture"]?.string ?? ""
        variant = json["variant"]?.string ?? ""
        let check = json["config"]?["Healthcheck"]?["Test"]?.elements?.first?.string
        hasHealthcheck = check != nil && check != "NONE"
        hasCommand = ["Cmd", "Entrypoint"].contains { name in
            json["config"]?[name]?.elements?.isEmpty == false
        }
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
