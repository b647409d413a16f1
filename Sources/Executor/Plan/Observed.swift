import Deployments
import Engine

/// What is known during a deployment: about the engine, about the files, and the results of its steps.
struct Observed: Sendable {
    /// The name that the container is to have.
    let name: String
    /// The stage that a server before this one had reached; nil for a new deployment.
    var stage: Stage?
    /// Whether the previous container was looked for after a restart of the server.
    var isObserved = false

    /// What the engine runs by itself; nil if it does not tell.
    var platform: EnginePlatform?
    /// Whether the journal says who has the name, so that the engine need not be asked.
    var isHolderKnown = false
    /// Whether the journal alone says that a container of ours has the name.
    var isPreviousAssumed = false
    /// The container that serves under the name now and is to be replaced.
    var previous: Container?
    var wasPreviousStopped = false
    /// Which of the two containers runs first, and why; nil before that is decided.
    var order: String?
    /// The volumes that are asked for and are not there.
    var missingVolumes: Set<String> = []
    /// Whether the release command has succeeded under a server before this one.
    var isReleased = false
    /// What such a server has left in the engine; nil if it was not looked for.
    var leftovers: Leftovers?
    /// Whether such a server had begun to undo the deployment.
    var isUndoing = false
    /// Whether the engine has been away, which may have ended its containers.
    var engineWasAway = false
    /// Whether the new container is healthy and the deployment cannot be cancelled any more.
    var isCuttingOver = false
    /// Whether the new container has taken the place of the previous one, which is stopped and removed:
    /// there is no way back.
    var isTakingOver = false

    /// The image as it is here before the pull, or as an earlier deployment has found it.
    var presentImage: Image?
    /// What the pull has brought, or has found to be here.
    var pulled: PulledImage?
    var image: Image?
    /// The repository's files, if the source is a repository.
    var tree: GitRepositories.Tree?
    /// What the image is built of, and the archive of it that the engine is given.
    var context: SourceFolder?
    var contextArchive: (any SourceArchive)?
    /// What is copied into the container.
    var source: SourceFolder?
    var archive: (any SourceArchive)?

    /// Whether the engine has been asked for a container.
    var createAttempted = false
    var container: Made?
    /// Whether the container must be made anew, of another image.
    var isContainerStale = false
    /// Whether the container lacks something that it must have before its start.
    var isContainerIncomplete = false
    /// Whether the container has been started.
    var isStarted = false
    /// Whether the container's program ran when it was inspected.
    var isRunning = false

    /// The deployment's container.
    struct Made: Sendable {
        let id: String
        /// The name that it has now.
        var name: String
    }

    /// The deployment's own containers as a server before this one has left them.
    struct Leftovers: Sendable {
        /// Their ids, with the creations that they come from. A server that heard no answer could not tell
        /// the journal.
        var origins: [(id: String, creation: String)] = []
        /// The ids of the containers with which the deployment does not go on.
        var unwanted: [String] = []
        /// Whether the confidential values may be in no other place than these containers.
        var haveValues = false
    }

    init(name: String) {
        self.name = name
    }

    /// Whether a server before this one had done the stage.
    func isPast(_ asked: Stage, _ order: CopyOrder) -> Bool {
        let stages = Stage.pipeline(order)
        guard let told = stage.flatMap(stages.firstIndex), let index = stages.firstIndex(of: asked)
        else { return false }
        // Files that were copied are lost with their container.
        return index < told && (asked != .copyingFiles || container != nil)
    }

    /// The platform of an image that cannot run here, and the one that is wanted; nil if it can run.
    func mismatch(
        of image: Image,
        wanted platform: String?
    ) -> (actual: String, wanted: String)? {
        let parts = platform?.split(separator: "/").map(String.init)
        guard let wanted = parts ?? self.platform.map({ [$0.os, $0.architecture] }) else {
            return nil
        }
        let actual = [image.os, image.architecture]
        guard zip(wanted, actual).contains(where: { $0 != $1 && !$1.isEmpty }) else { return nil }
        return (actual.joined(separator: "/"), wanted.joined(separator: "/"))
    }

    /// Whether a condition of the request's plan holds.
    func holds(_ condition: Condition, for request: DeploymentRequest) -> Bool {
        switch condition {
        case .imageIsHere:
            presentImage.map { mismatch(of: $0, wanted: request.platform) == nil } ?? false
        case .imageIsAbsent: image == nil
        case .folderIsSmall: source?.isSmall == true
        case .filesAreRead: archive?.isReadAhead == true
        case .somethingIsReplaced: previous != nil
        case .isCuttingOver: isCuttingOver
        case .engineWasAway: engineWasAway
        case .nameDiffers: container.map { $0.name != name } ?? false
        }
    }
}
