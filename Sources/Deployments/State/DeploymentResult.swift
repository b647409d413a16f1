/// The result of a deployment: the running container after success, otherwise what is known.
public struct DeploymentResult: Sendable, Equatable {
    /// Whether the container runs as requested.
    public var success: Bool
    /// A sentence.
    public var message: String
    /// The primary port's URL; nil if no port is published.
    public var endpointURL: String?
    /// The first 12 characters of the container's id.
    public var containerID: String?
    /// The name that the container has, or was to have.
    public var containerName: String
    /// The image's reference as in the request.
    public var image: String
    /// The digest in the registry: `sha256:…`.
    public var imageDigest: String?
    /// The engine's own id of the image: `sha256:…`.
    public var imageID: String?
    /// The URLs by port name.
    public var urls: [String: String]
    /// Whether each port is healthy, by port name.
    public var healthStatus: [String: Bool]
    /// Whole milliseconds spent in each stage.
    public var durations: [(stage: Stage, milliseconds: Int64)]
    /// The id of the container that was replaced.
    public var replaced: String?
    /// Which of the two containers was started or stopped first, and why; nil if none was replaced.
    public var order: String?
    /// The source of the files, unless it was a folder: `url`, `ref` and `commit` of a repository,
    /// or `archive`.
    public var source: JSONValue?
    /// The images that the app no longer needed and that were removed, by their ids.
    public var removedImages: [String]

    /// Creates a result of which only the request is known yet.
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

    /// The result as it appears in a final event.
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

    /// Parses what `json` writes; nil if a member is missing or malformed.
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

    /// Compares the JSON of both.
    public static func == (left: DeploymentResult, right: DeploymentResult) -> Bool {
        left.json == right.json
    }
}
