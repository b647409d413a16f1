public import Deployments
public import Engine
import Foundation
import Subprocess

extension DockerEngine {
    /// An image that the engine has.
    public func image(_ name: String) async throws(EngineFailure) -> Image {
        let command = DockerCommand.imageInspect(name)
        let outcome = await outcome(limited(command))
        guard let image = Image.decode(outcome.output) else {
            throw failure(outcome, of: command)
        }
        return image
    }

    /// The bytes that all of its images take up.
    public func imageBytes() async throws(EngineFailure) -> Int64 {
        let output = try await ask(.roomTaken()).output
        let kinds = output.split(separator: UInt8(ascii: "\n"))
            .compactMap { try? JSONValue(parsing: Array($0)) }
        let images = kinds.first { $0["Type"]?.string == "Images" }
        // If the size cannot be read, it may be any number.
        return images?["Size"]?.string.flatMap(Self.bytes) ?? .max
    }

    /// What the image's registry has under its name for a platform.
    public func registryImage(
        _ name: String,
        for platform: String,
        credentials: Credentials?
    ) async throws(EngineFailure) -> RegistryImage {
        let configuration = try configuration(credentials, for: name)
        defer { configuration?.remove() }
        switch try await manifest(name, for: platform, configuration) {
        case .image(let layers): return .image(layers: layers.count, bytes: layers.totalSize)
        case .list(let list):
            let offered = Set(list.entries.map { "\($0.os)/\($0.architecture)" })
            return .otherPlatforms(offered.sorted())
        case nil: return .unknown
        }
    }

    /// The manifest of an image for a platform, or the list of manifests if it has none for the platform.
    private func manifest(
        _ name: String,
        for platform: String,
        _ configuration: PrivateConfiguration?
    ) async throws(EngineFailure) -> Manifest? {
        var reference = name
        // A list names the manifest for the platform. Lists of lists are not followed.
        for _ in 0..<2 {
            var command = DockerCommand.manifestInspect(image: reference)
            command.environment.merge(configuration?.environment ?? [:]) { _, new in new }
            let manifest = Manifest.decode(try await ask(command).output)
            guard case .list(let list) = manifest, let digest = list.digest(for: platform) else {
                return manifest
            }
            reference = ImageReference.withDigest(name, digest)
        }
        return nil
    }

    /// Removes images by their ids, or names of images.
    public func removeImages(_ images: [String]) async throws(EngineFailure) -> ImageRemoval {
        let command = DockerCommand.imageRemove(images)
        let outcome = await outcomeOfChange(command)
        let lines = String(decoding: outcome.output, as: UTF8.self).split(separator: "\n")
        let words = ["Deleted: ", "Untagged: "]
        let told = Set(
            lines.flatMap { line in
                words.filter { line.hasPrefix($0) }.map { line.dropFirst($0.count) }
            }
        )
        let removal = ImageRemoval(
            removed: images.filter { told.contains($0[...]) },
            missing: images.filter { image in
                !told.contains(image[...])
                    && outcome.errorLines.contains {
                        $0.contains("No such image") && $0.contains(image)
                    }
            }
        )
        // The command fails if any of the images is used; the others are gone all the same.
        guard outcome.succeeded || !removal.gone.isEmpty || !outcome.errorLines.isEmpty else {
            throw failure(outcome, of: command)
        }
        return removal
    }

    /// A configuration of the client for one pull, with these credentials only.
    private func configuration(
        _ credentials: Credentials?,
        for image: String
    ) throws(EngineFailure) -> PrivateConfiguration? {
        guard let credentials else { return nil }
        do {
            guard let folder = work.privateFolder else { throw CocoaError(.fileNoSuchFile) }
            return try PrivateConfiguration(
                directory: folder,
                auth: credentials,
                image: image,
                base: configuration
            )
        } catch {
            throw EngineFailure(
                code: .internal,
                message: "The registry credentials could not be laid out for the pull: \(error)",
                hint: "Look at the disk that holds the server's data directory."
            )
        }
    }

    /// Pulls an image from its registry.
    public func pull(
        _ name: String,
        platform: String?,
        credentials: Credentials?,
        report: PullReport
    ) async throws(EngineFailure) -> PulledImage {
        let configuration = try configuration(credentials, for: name)
        defer { configuration?.remove() }
        var command = DockerCommand.pull(image: name, platform: platform)
        command.environment.merge(configuration?.environment ?? [:]) { _, new in new }
        let monitor = PullMonitor(report: report)
        let whole = command
        let outcome = await withTaskGroup(of: CommandOutcome?.self) { group in
            group.addTask { await self.outcome(whole, onOutput: { monitor.feed($0) }) }
            group.addTask {
                await self.askForSizes(name, platform, monitor, configuration)
                return nil
            }
            defer { group.cancelAll() }
            while let ended = await group.next() {
                if let outcome = ended { return outcome }
            }
            return CommandOutcome(termination: .notStarted(reason: "it was lost"))
        }
        if outcome.succeeded { return monitor.finish() }
        var failure = self.failure(outcome, of: command)
        // The engine says the same whether it stopped itself or a layer broke off. In the second case, it
        // has asked for the layer several times, and still answers.
        if failure.code == .dockerUnavailable, monitor.hasRetried,
            (try? await version(within: .seconds(30))) != nil
        {
            failure.code = .imageCorrupt
            failure.message =
                "A layer of \(name) breaks off, however often the engine asks for it."
            failure.hint =
                "Push the image again, or see what stands between the registry and the engine."
        }
        failure.lines = Array(monitor.plainLines.suffix(20))
        throw failure
    }

    /// Asks the registry for the sizes of all layers, once the engine has begun to pull. The engine
    /// itself gives a layer's size only when it starts on that layer.
    private func askForSizes(
        _ name: String,
        _ platform: String?,
        _ monitor: PullMonitor,
        _ configuration: PrivateConfiguration?
    ) async {
        guard await monitor.layersSeen() else { return }
        let platform = platform ?? knownPlatform?.description ?? "linux/amd64"
        // Without the manifest, the totals are those that the engine gives.
        let manifest = try? await manifest(name, for: platform, configuration)
        if case .image(let layers) = manifest {
            monitor.settle(layers)
        } else {
            monitor.settle(nil)
        }
    }
}
