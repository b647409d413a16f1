public import Deployments
public import Engine

/// The volumes that were made for deployments.
public struct VolumeList: Sendable {
    private let engine: any Engine

    /// The list of an engine's volumes.
    public init(engine: any Engine) {
        self.engine = engine.working(on: EngineWork(limit: .seconds(20)))
    }

    /// A volume and its properties.
    public struct Entry: Sendable, Equatable {
        /// The volume's name.
        public let name: String
        /// The app for which it was made.
        public let app: String
        /// The app's environment.
        public let environment: String
        /// The tenant that it belongs to.
        public let tenant: String
        /// The time of its creation as in RFC 3339; nil if the engine does not say.
        public let createdAt: String?
        /// The names of the containers that use it, running or not, in ascending order.
        public let usedBy: [String]
        /// The number of bytes in it; nil if the engine does not say.
        public let byteCount: Int64?

        /// The JSON of the volume in answers.
        public var json: JSONValue {
            [
                "name": .string(name),
                "app": .string(app),
                "environment": .string(environment),
                "tenant": .string(tenant),
                "created_at": .optional(createdAt),
                "used_by": .strings(usedBy),
                "bytes": byteCount.map { .integer($0) } ?? .null,
            ]
        }
    }

    /// Why a volume was not removed.
    public enum Refusal: Error {
        /// There is no volume of that name within the scope.
        case unknown
        /// These containers use it.
        case used(by: [String])
        /// The engine has failed to remove it.
        case engine(EngineFailure)
    }

    /// The volumes within the scope, ordered by name.
    public func entries(
        within accessScope: AccessScope
    ) async throws(EngineFailure) -> [Entry] {
        let volumes = try await engine.volumes(labelled: Label.tenant)
        guard !volumes.isEmpty else { return [] }
        let uses = try await engine.volumeUses()
        // The engine counts every file for this, and may take too long.
        let sizes = (try? await engine.volumeSizes()) ?? [:]
        return volumes.filter { Self.isOwn($0, accessScope) }.map { volume in
            Entry(
                name: volume.name,
                app: volume.labels[Label.app] ?? "",
                environment: volume.labels[Label.environment] ?? "",
                tenant: volume.labels[Label.tenant] ?? "",
                createdAt: volume.createdAt.isEmpty ? nil : volume.createdAt,
                usedBy: Self.users(of: volume.name, uses),
                byteCount: sizes[volume.name]
            )
        }.sorted { $0.name < $1.name }
    }

    /// Removes a volume and its content, if nothing uses it.
    public func remove(
        _ name: String,
        within accessScope: AccessScope
    ) async throws(Refusal) {
        let volume = try await ask { engine throws(EngineFailure) in
            try await engine.volumes([name]).first { $0.name == name }
        }
        guard let volume, Self.isOwn(volume, accessScope) else { throw .unknown }
        let uses = try await ask { engine throws(EngineFailure) in try await engine.volumeUses() }
        let users = Self.users(of: name, uses)
        guard users.isEmpty else { throw .used(by: users) }
        do throws(EngineFailure) {
            try await engine.removeVolume(name)
        } catch {
            if error.isMissing { throw .unknown }
            // If the volume has come into use meanwhile, the engine itself refuses.
            if error.lines.contains(where: { $0.contains("volume is in use") }) {
                throw .used(by: ["a container"])
            }
            throw .engine(error)
        }
    }

    private func ask<Value>(
        _ question: (any Engine) async throws(EngineFailure) -> Value
    ) async throws(Refusal) -> Value {
        do throws(EngineFailure) {
            return try await question(engine)
        } catch {
            throw .engine(error)
        }
    }

    private static func isOwn(_ volume: Volume, _ accessScope: AccessScope) -> Bool {
        guard let tenant = volume.labels[Label.tenant] else { return false }
        return accessScope.includes(tenant: tenant, app: volume.labels[Label.app] ?? "")
    }

    private static func users(of name: String, _ uses: [VolumeUse]) -> [String] {
        uses.filter { $0.volumes.contains(name) }.map(\.container).sorted()
    }
}
