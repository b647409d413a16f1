import Subprocess

/// The limits and places of an executor.
public struct ExecutorOptions: Sendable {
    /// The number of deployments that may run at once.
    public var maxDeployments = 4
    /// The number of deployments that may wait; further ones are refused.
    public var maxQueued = 100
    /// The number of checks that may run at once. Further ones are refused, except for one of each tenant.
    public var maxChecks = 4
    /// A pull or a copy without progress for this long has failed.
    public var stallTimeout: Duration = .seconds(120)
    /// How long to wait for an engine that stops answering during a deployment.
    public var enginePatience: Duration = .seconds(30)
    /// How long to wait for a creation that shows whether the name is free.
    var namePatience: Duration = .milliseconds(500)
    /// The pause before a deployment that must go on, but cannot at present, tries again.
    var repeatPause: Duration = .seconds(5)
    /// The stall timeout in whole seconds.
    var stallSeconds: Int64 { stallTimeout.components.seconds }

    /// A deployment that takes longer than this has failed.
    public var deploymentTimeout: Duration = .seconds(30 * 60)
    /// The seconds that a replaced container has to stop.
    public var stopSeconds = 10
    /// The options for the log driver of every container, if that driver takes such options.
    public var logOptions: [String: String] = [:]
    /// The number of images of an app in an environment that stay in the engine; 0 keeps all of them.
    public var keptImages = 2
    /// The address on which ports are published if the request names none.
    public var publishAddress = "127.0.0.1"
    /// The host in the URLs of published ports.
    public var publicHost = "localhost"
    /// The folder for data that must be in a file for a moment. It is made with mode 0700.
    public var privateFolder: String
    /// The folders below which deployed folders must be.
    public var roots: SourceRoots
    /// The archives from which deployments are made.
    public var archives: ArchiveStore
    /// Fetches the repositories from which deployments are made.
    public var repositories: GitRepositories
    /// The folders below which everything that containers mount must be.
    public var bindRoots = SourceRoots([], option: "--bind-root")

    /// Options with their defaults.
    public init(privateFolder: String, roots: SourceRoots) {
        self.privateFolder = privateFolder
        self.roots = roots
        let runner = CommandRunner()
        archives = ArchiveStore(
            folder: "\(privateFolder)/archives",
            programs: ArchivePrograms(runner, path: nil)
        )
        repositories = GitRepositories(
            folder: "\(privateFolder)/git",
            privateFolder: privateFolder,
            roots: roots,
            runner: runner,
            environment: [:]
        )
    }
}
