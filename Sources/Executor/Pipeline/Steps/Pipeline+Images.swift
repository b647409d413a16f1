import Deployments
import Engine
import Journal

extension Pipeline {
    /// Tells the journal that the deployment has brought the image to the engine, so that it can be removed
    /// when no app needs it any more. An image that the engine has under another name was there before.
    func claim(_ image: Image) async throws {
        if request.build != nil {
            // It is known by its name, because builds of the same files give one image many names.
            guard options.keptImages > 0 else { return }
            return try await journal.own(image: request.image, by: recorder.driver)
        }
        guard options.keptImages > 0, observed.presentImage?.id != image.id,
            image.isOnly(request.image)
        else { return }
        try await journal.own(image: image.id, by: recorder.driver)
    }

    /// Removes the images of the app's older deployments. What is still used by a container, or has got
    /// another name, stays; whatever fails is tried again with the next deployment.
    func removeImages() async {
        guard options.keptImages > 0, let image = observed.image?.id,
            let images = try? await journal.disposableImages(
                of: id,
                using: image,
                keeping: options.keptImages
            ), !images.isEmpty
        else { return }
        do throws(EngineFailure) {
            let removal = try await engine.removeImages(images)
            result.removedImages = removal.removed
            try? await journal.forget(images: removal.gone)
        } catch {
            return
        }
    }
}

extension Image {
    /// Whether the engine has it under no other name than this one.
    fileprivate func isOnly(_ name: String) -> Bool {
        guard let reference = try? ImageReference(name) else { return false }
        func isSame(_ text: String) -> Bool {
            guard let known = try? ImageReference(text) else { return false }
            return known.registry == reference.registry && known.path == reference.path
        }
        return repoTags.count <= 1 && (repoTags + repoDigests).allSatisfy(isSame)
    }
}
