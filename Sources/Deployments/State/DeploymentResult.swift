/// What came of a deployment: in success the running container, otherwise what is known.
public struct DeploymentResult: Sendable, Equatable {
    /// Whether the container runs as asked.
    public var success: Bool
    /// A sentence.
    public var message: String
    /// The primary port's URL; nil if no port is published.
    public var endpointURL: String?
    /// The first 12 characters of the container's id.
    public var containerID: String?
    /// The name the container has, or was to have.
    public var containerName: String
    /// The image's reference as asked for.
    public var image: String
    /// The digest in the registry: `sha256:…`.
    public var imageDigest: String?
    /// The engine's own id of the image: `sha256:…`.
    public var imageID: String?
    /// URL by port name.
    public var urls: [String: String]
    /// Whether healthy, by port name.
    public var healthStatus: [String: Bool]
    /// Whole milliseconds spent in each stage.
    public var durations: [(stage: Stage, milliseconds: Int64)]
    /// The id of the container whose place was taken.
    public var replaced: String?
    /// Which of the two containers was started or stopped first, and why; nil where none was replaced.
    public var order: String?
    /// Where the files came from, if not from a folder: `url`, `ref` and `commit` of a repository, or
    /// `archive`.
    public var source: JSONValue?
    /// The images that the app does not need any more and that are gone, by their ids.
    public var removedImages: [String]

    /// A result in which nothing is known yet but what was asked for.
    public init(
        success: Bool,
        message: String,
        containerName: String,
        image: String,
        source: JSONValue? = nil
    ) {
        self.source = source
        self.success = success
        self.message = message
        self.containerName = containerName
        self.image = image
        urls = [:]
        healthStatus = [:]
        durations = []
        removedImages = []
    }

    /// The result as it stands in a final event.
    public var json: JSONValue {
        func sorted<Value>(_ table: [String: Value], _ make: (Value) -> JSONValue) -> JSONValue {
            .object(table.sorted { $0.key < $1.key }.map { JSONMember($0.key, make($0.value)) })
        }
        return [
            "success": .bool(success),
            "message": .string(message),
            "endpoint_url": .optional(endpointURL),
            "deployment_id": .optional(containerID),
            "metadata": [
                "container_name": .string(containerName),
                "image": .string(image),
                "image_digest": .optional(imageDigest),
                "image_id": .optional(imageID),
                "urls": sorted(urls) { .string($0) },
                "health_status": sorted(healthStatus) { .bool($0) },
                "durations_ms": .object(
                    durations.map { JSONMember($0.stage.rawValue, .integer($0.milliseconds)) }
                ),
                "replaced": .optional(replaced),
                "order": .optional(order),
                "source": source ?? .null,
                "removed_images": .strings(removedImages),
            ],
        ]
    }

    /// Reads what `json` writes; nil if a member is missing or malformed.
    public init?(json: JSONValue) {
        guard let success = json["success"]?.bool, let message = json["message"]?.string,
            let metadata = json["metadata"], let name = metadata["container_name"]?.string,
            let image = metadata["image"]?.string
        else { return nil }
        self.init(success: success, message: message, containerName: name, image: image)
        endpointURL = json["endpoint_url"]?.string
        containerID = json["deployment_id"]?.string
        imageDigest = metadata["image_digest"]?.string
        imageID = metadata["image_id"]?.string
        replaced = metadata["replaced"]?.string
        order = metadata["order"]?.string
        source = metadata["source"].flatMap { $0.isNull ? nil : $0 }
        removedImages = metadata["removed_images"]?.elements?.compactMap(\.string) ?? []
        for member in metadata["urls"]?.members ?? [] {
            urls[member.name] = member.value.string
        }
        for member in metadata["health_status"]?.members ?? [] {
            healthStatus[member.name] = member.value.bool
        }
        durations = (metadata["durations_ms"]?.members ?? []).compactMap { member in
            guard let stage = Stage(rawValue: member.name), let value = member.value.integer else {
                return nil
            }
            return (stage, value)
        }
    }

    /// Equal where the JSON is.
    public static func == (left: DeploymentResult, right: DeploymentResult) -> Bool {
        left.json == right.json
    }
}
