import Subprocess

/// What the executor may do, and where.
public struct ExecutorOptions: Sendable {
    /// Deployments that run at once.
    public var maxDeployments = 4
    /// Deployments that wait; more are turned away.
    public var maxQueued = 100
    /// Plans that are made at once; more are turned away, but for one of each tenant.
    public var maxChecks = 4
    /// A pull or a copy that does not move for so long has failed.
    public var stallTimeout: Duration = .seconds(120)
    /// How long an engine that goes away in the middle is waited for.
    public var enginePatience: Duration = .seconds(30)
    /// How long a creation that shows whether the name is free is waited for.
    var namePatience: Duration = .milliseconds(500)
    /// How long a deployment waits that must go on and cannot.
    var repeatPause: Duration = .seconds(5)
    /// The stall timeout in whole seconds.
    var stallSeconds: Int64 { stallTimeout.components.seconds }

    /// A deployment that takes longer has failed.
    public var deploymentTimeout: Duration = .seconds(30 * 60)
    /// The time a replaced container is given to stop, in seconds.
    public var stopSeconds = 10
    /// What the log driver of every container is told, where it is one that takes such options.
    public var logOptions: [String: String] = [:]
    /// How many images of an app and environment stay in the engine; 0 for all of them.
    public var keptImages = 2
    /// The address on which ports are published that name none.
    public var publishAddress = "127.0.0.1"
    /// The host in the URLs of published ports.
    public var publicHost = "localhost"
    /// A folder for what must lie in a file for a moment; made with mode 0700.
    public var privateFolder: String
    /// The folders below which everything that may be deployed lies.
    public var roots: SourceRoots
    /// The archives that deployments are made of.
    public var archives: ArchiveStore
    /// What fetches repositories.
    public var repositories: GitRepositories
    /// The folders below which everything lies that containers may mount.
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
