/// One thing that a deployment does; its raw value says what, as an order.
enum Step: String, Sendable, CaseIterable {
    case removeLeftovers = "remove the leftover containers"
    case openFolder = "open the folder"
    case askPlatform = "ask for the engine's platform"
    case findNetwork = "look for the networks"
    case findVolumes = "look at the volumes"
    case findRoom = "see that there is room for the image"
    case findHolder = "find who has the name"
    case inspectPresentImage = "inspect the image that is here"
    case findImage = "look for the image"
    case pullImage = "pull the image"
    case identifyImage = "identify the image"
    case fetchRepository = "fetch the repository"
    case collectContext = "collect what the image is built of"
    case buildImage = "build the image"
    case collectFiles = "collect the files"
    case createContainer = "create the container"
    case makeWay = "stop the previous container if both cannot run at once"
    case runRelease = "run the release command"
    case startContainer = "start the container"
    case inspectContainer = "inspect the container"
    case readFiles = "read the files"
    case copyFiles = "copy the files"
    case awaitHealth = "wait for health"
    case monitorStability = "see that it stays healthy"
    case setAside = "set the previous container aside"
    case takeName = "give the container its name"
    case setRestartPolicy = "set the restart policy"
    case confirmRunning = "see that the container still runs"
    case stopPrevious = "stop the previous container"
    case removePrevious = "remove the previous container"
    case removeImages = "remove the images that the app does not need any more"

    /// What a check looks at to tell whether the step would succeed; nil if only doing it shows that.
    var subject: CheckReport.Check.Subject? {
        switch self {
        case .askPlatform: .engine
        case .collectContext, .collectFiles: .folder
        case .findRoom, .findImage, .pullImage, .buildImage: .image
        case .findHolder: .name
        case .findNetwork: .network
        case .findVolumes: .volumes
        case .startContainer: .ports
        default: nil
        }
    }

    /// Whether it is part of the cut-over, which is carried out to its end even if the server is to end.
    var isCutOver: Bool {
        switch self {
        case .setAside, .takeName, .setRestartPolicy, .confirmRunning: true
        case .stopPrevious, .removePrevious, .removeImages: true
        default: false
        }
    }

    /// What takes the step back; nil if it leaves nothing.
    var undo: Undo? {
        switch self {
        case .createContainer, .runRelease: .removeContainer
        case .buildImage: .removeImage
        case .makeWay: .startPrevious
        case .setAside: .giveNameBack
        default: nil
        }
    }
}

/// What takes a step back. It looks at how things are first, because the step may not have come to its end.
/// The cases stand in the order in which they are done: the new container goes first, because it may have
/// the ports and the name of the previous one.
enum Undo: String, Sendable, CaseIterable {
    case removeContainer = "remove the containers"
    case giveNameBack = "give the previous container its name"
    case startPrevious = "start the previous container"
    case removeImage = "remove the image"
}

/// What must be so for a step to be done.
enum Condition: String, Sendable {
    case imageIsHere = "an image of that name is here, and is for the right platform"
    case imageIsAbsent = "there is none"
    case folderIsSmall = "the folder is small"
    case filesAreRead = "all of them have been read"
    case somethingIsReplaced = "there is one"
    case nameDiffers = "it has another one"
    case engineWasAway = "the engine was away"
    case isCuttingOver = "the deployment cannot be cancelled any more"
}

/// When the work of a step is thrown away, and the step is done again.
enum Discard: String, Sendable {
    case pullBringsAnother = "the pull brings another image"
    case imageHasChanged = "another deployment has pulled another image meanwhile"
    case isIncomplete = "a network or a secret could not be added"
}
