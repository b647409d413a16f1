import Deployments
import Engine
import Subprocess

extension DockerEngine {
    /// Asks the client about itself, and the engine through it.
    ///
    /// - Parameter limit: how long each question may take.
    public func inspection(within limit: Duration) async -> EngineInspection {
        var inspection = EngineInspection()
        func ask(_ command: DockerCommand) async -> CommandOutcome {
            var command = command
            command.deadline = limit
            return await outcome(command)
        }
        let version = await ask(.serverVersion())
        if case .notStarted(let reason) = version.termination {
            inspection.startFailure = reason
            return inspection
        }
        inspection.read(versions: version.output)
        if !version.succeeded || inspection.engineVersion == nil {
            inspection.failure = failure(version, of: .serverVersion())
        }
        inspection.read(context: await ask(.currentContext()).output)
        guard inspection.failure == nil else { return inspection }
        let info = await ask(.engineInfo()).output
        inspection.timeOfAnswer = .now()
        inspection.read(info: info)
        return inspection
    }
}
