import Deployments
import Engine
import Foundation
import Threads

extension Pipeline {
    /// Where more is free, the registry is not asked: hardly any image takes as much.
    private static let plenty: Int64 = 8 << 30

    /// Sees that the image fits on the engine's disk. What cannot be found out does not stand in the way:
    /// the pull will tell.
    func findRoom() async throws {
        guard engine.isLocal, let folder = try? await engine.setup().dataFolder,
            let free = await FreeRoom.bytes(of: folder), free < Self.plenty, await isImageMissing()
        else { return }
        let platform = request.platform ?? observed.platform?.description ?? "linux/amd64"
        let (name, credentials) = (request.image, request.registryAuth)
        // The pull has a folder of its own for them.
        let files = PrivateFiles(folder: options.privateFolder, id: DeploymentID())
        let work = EngineWork(
            tag: id.text,
            image: name,
            privateFolder: files.configurationFolder,
            limit: .seconds(10)
        )
        let found = try await attempt { engine throws(EngineFailure) in
            try await engine.working(on: work).registryImage(
                name,
                for: platform,
                credentials: credentials
            )
        }
        guard case .success(.image(_, let bytes)) = found, bytes > free else { return }
        // Layers that other images have are not pulled again.
        let images = try await attempt { engine throws(EngineFailure) in
            try await engine.imageBytes()
        }
        guard case .success(let taken) = images, bytes - free > taken else { return }
        throw StageFailure(
            .diskFull,
            "\(name) has \(byteText(bytes)) to be pulled, and the engine's disk has"
                + " \(byteText(free)) left.",
            hint: "Make room, for instance with docker system prune, then deploy again."
        )
    }
}

extension Pipeline {
    /// Whether the engine says that it does not have the image. One that is there needs little more.
    private func isImageMissing() async -> Bool {
        do throws(EngineFailure) {
            _ = try await engine.image(request.image)
            return false
        } catch {
            return error.isMissing
        }
    }
}

/// The room on a file system.
enum FreeRoom {
    /// How long a disk is waited for.
    private static let limit = Duration.seconds(2)
    private static let threads = BlockingThreads(threads: 2, threadsPerKey: 1, capacity: 16)

    /// The bytes that are free for everybody; nil if that cannot be told.
    static func bytes(of folder: String) async -> Int64? {
        let answer = try? await threads.run(for: folder, within: limit) { _ -> Int64? in
            let facts = try? FileManager.default.attributesOfFileSystem(forPath: folder)
            return (facts?[.systemFreeSize] as? NSNumber)?.int64Value
        }
        return answer ?? nil
    }
}
