import Deployments
import Engine

extension Pipeline {
    /// Sees that the image fits on the engine's disk. What cannot be found out does not stand in the way:
    /// the pull will show it.
    func findRoom() async throws {
        guard let free = await questions.scarceRoom(engine), await isImageMissing() else { return }
        let (questions, own, tag) = (questions, observed.platform, id.text)
        let found = try await attempt { engine throws(EngineFailure) in
            try await questions.findInRegistry(for: own, engine, tag: tag, limit: .seconds(10))
        }
        guard case .success(let image) = found else { return }
        let shortage = await questions.shortage(of: free, for: image, engine)
        try Task.checkCancellation()
        if let shortage { throw shortage.failure }
    }

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
