import Deployments
import Engine

/// The container is created ahead where that may be, while the image is pulled and the files are
/// counted: mostly the image that is here already is the newest. What comes of it, its failure
/// too, shows in the stage that it belongs to, and no stage before that waits for it.
extension Pipeline {
    /// Has the container created of the image as it is here now, while the pull asks whether
    /// there is a newer one.
    func createFromPresent() {
        if imageAhead != nil, containerID == nil { return createAhead() }
        guard let present else { return }
        creating = Task {
            guard let image = await present.joined, (try? checkPlatform(image)) != nil else {
                return
            }
            imageAhead = image
            try await haveContainerAhead()
        }
    }

    /// Has the container created, after whatever else was begun of that.
    func createAhead() {
        let before = creating
        creating = Task {
            try? await before?.joined  // Whatever came of it, it is made up for here.
            try await haveContainerAhead()
        }
    }

    func haveContainerAhead() async throws {
        do {
            try await haveContainer()
        } catch let failure as StageFailure where failure.code == .timedOut && isCreationDue {
            // Its stage has waited long enough.
            throw failure
        } catch {
            // Means nothing: it is done again in its stage.
        }
    }

    /// Has the container created by the end of this, in the stage that it belongs to.
    func finishCreating() async throws {
        isCreationDue = true
        try await creating?.joined
        do {
            try await haveContainer()
        } catch let failure as StageFailure
            where failure.code == .imageNotFound && request.pull != .never
        {
            try await pullAgain()
            try await haveContainer()
        } catch let failure as StageFailure where failure.code == .nameInUse && previous == nil {
            // Who has it was not asked, or has come since.
            try await lookAtName()
            try await haveContainer()
        }
        try await settleContainer()
    }

    /// Creates the container if there is none, or none of the right image.
    private func haveContainer() async throws {
        try Task.checkCancellation()
        if isContainerStale { try await discardContainer() }
        if containerID == nil { try await create() }
    }

    /// Makes the container anew where it was created of an older image, while another deployment
    /// pulled the newer one.
    private func settleContainer() async throws {
        // One that was taken over from a server before this one may hold files already.
        guard creating != nil, !started,
            creationMoments.map({ cache.mayHaveChanged(request.image, from: $0, to: $1) }) ?? true
        else { return }
        for _ in 0..<Self.repeats {
            guard let containerID, let container = try await inspect(containerID),
                container.imageID != image?.id
            else { return }
            if let newer = try await localImageIfAny() { try accept(newer) }
            if container.imageID == image?.id { return }
            try await discardContainer()
            try await create()
        }
    }

    private func discardContainer() async throws {
        if let stale = containerID {
            try keepValues()
            containerID = nil
            result.containerID = nil
            try await perform { engine throws(EngineFailure) in try await engine.remove(stale) }
        }
        isContainerStale = false
    }
}
