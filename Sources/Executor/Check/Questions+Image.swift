import Deployments
import Engine

extension Questions {
    /// What the registry has for the platform, with the request's credentials if it brings some.
    ///
    /// - Parameters:
    ///   - own: what the engine runs by itself; nil if it does not tell.
    ///   - tag: what the work is known by.
    ///   - limit: how long it may take; nil for the usual time.
    func findInRegistry(
        for own: EnginePlatform?,
        _ engine: any Engine,
        tag: String? = nil,
        limit: Duration? = nil
    ) async throws(EngineFailure) -> RegistryImage {
        // The pull has a folder of its own for the credentials.
        let files = PrivateFiles(folder: options.privateFolder, id: DeploymentID())
        let work = EngineWork(
            tag: tag,
            image: request.image,
            privateFolder: files.configurationFolder,
            limit: limit
        )
        return try await engine.working(on: work).registryImage(
            request.image,
            for: platform(own),
            credentials: request.registryAuth
        )
    }

    /// The platform that the image must be for.
    func platform(_ own: EnginePlatform?) -> String {
        request.platform ?? own?.description ?? "linux/amd64"
    }

    /// If more is free, the size of an image does not matter: hardly any takes as much.
    private static let plenty: Int64 = 8 << 30

    /// The bytes that are free on the engine's disk, if they may be too few; nil also if that cannot be
    /// found out.
    func scarceRoom(_ engine: any Engine) async -> Int64? {
        guard engine.isLocal, let folder = try? await engine.setup().dataFolder,
            let free = await FreeRoom.bytes(of: folder), free < Self.plenty
        else { return nil }
        return free
    }

    /// The image does not fit into the room that is free; nil if it fits, or if that cannot be found out:
    /// the pull will show it.
    func shortage(
        of free: Int64,
        for image: RegistryImage,
        _ engine: any Engine
    ) async -> Obstacle? {
        guard case .image(_, let bytes) = image, bytes > free else { return nil }
        // Layers that other images have are not pulled again.
        guard let taken = try? await engine.imageBytes(), bytes - free > taken else { return nil }
        return Obstacle(
            .diskFull,
            request.image,
            "has \(byteText(bytes)) to be pulled, and the engine's disk has \(byteText(free)) left",
            hint: "Make room, for instance with docker system prune, then deploy again."
        )
    }
}
