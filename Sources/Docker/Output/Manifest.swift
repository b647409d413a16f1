import Deployments
import Numbers

/// What an image is made of, according to its registry.
public enum Manifest: Sendable, Equatable {
    /// The layers of an image for one platform.
    case image([Layer])
    /// Images for several platforms.
    case list(List)

    /// A compressed layer of an image.
    public typealias Layer = PullProgress.Layer

    /// The images of a manifest list.
    public struct List: Sendable, Equatable {
        /// The images in the order of the list.
        public var entries: [Entry]

        /// One platform's image in a list.
        public struct Entry: Sendable, Equatable {
            /// The operating system.
            public var os: String
            /// The processor.
            public var architecture: String
            /// The variant of the processor; empty for most.
            public var variant: String
            /// The digest of the image's manifest: `sha256:…`.
            public var digest: String
        }

        /// The digest of the image for `os/arch[/variant]`. If no variant is given and there is a choice,
        /// the platform's usual one is taken.
        public func digest(for platform: String) -> String? {
            let parts = platform.lowercased().split(separator: "/").map(String.init)
            guard parts.count >= 2 else { return nil }
            let architecture = Self.spelling[parts[1]] ?? parts[1]
            let matches = entries.filter { $0.os == parts[0] && $0.architecture == architecture }
            let usual = ["arm": "v7", "arm64": "v8"][architecture] ?? ""
            let variant = parts.count > 2 ? parts[2] : usual
            return
                (matches.first { $0.variant == variant } ?? matches.first { $0.variant.isEmpty }
                ?? (parts.count > 2 ? nil : matches.first))?.digest
        }

        private static let spelling = [
            "x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "armhf": "arm",
        ]
    }

    /// The most layers of an image, or images of a list. No real one has more.
    static let most = 1024

    /// Reads the output of `docker manifest inspect`; nil if it is no manifest and no list, or has too
    /// many parts.
    public static func decode(_ output: [UInt8]) -> Manifest? {
        guard let json = try? JSONValue(parsing: output) else { return nil }
        if let layers = json["layers"]?.elements {
            guard layers.count <= most else { return nil }
            return .image(
                layers.compactMap { layer in
                    guard let digest = layer["digest"]?.string,
                        let size = layer["size"]?.saturatedInteger, size >= 0
                    else { return nil }
                    return Layer(digest: digest, size: size)
                }
            )
        }
        guard let manifests = json["manifests"]?.elements, manifests.count <= most else {
            return nil
        }
        return .list(
            List(
                entries: manifests.compactMap { entry in
                    guard let digest = entry["digest"]?.string,
                        let os = entry["platform"]?["os"]?.string,
                        let architecture = entry["platform"]?["architecture"]?.string
                    else { return nil }
                    return List.Entry(
                        os: os,
                        architecture: architecture,
                        variant: entry["platform"]?["variant"]?.string ?? "",
                        digest: digest
                    )
                }
            )
        )
    }
}

extension JSONValue {
    /// The value of a number without its fraction, or the nearest possible value if the number is too
    /// large or too small. Nil for anything else.
    var saturatedInteger: Int64? { integer ?? number.map { Int64(saturating: $0) } }
}

extension Sequence<Manifest.Layer> {
    /// The bytes of all layers.
    public var totalSize: Int64 { map(\.size).saturatedSum }
}
