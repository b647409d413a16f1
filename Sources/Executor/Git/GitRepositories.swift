public import Deployments
import Foundation
import Numbers
public import Subprocess
import Threads

/// Fetches git repositories into mirrors, which are kept as long as there is room, and from there into a
/// folder for each deployment.
public actor GitRepositories {
    /// How much may be fetched and kept.
    public struct Limits: Sendable {
        /// The size of all mirrors together; the least recently used ones are removed.
        public var mirrorBytes = 5 << 30
        /// The size of the files of one deployment.
        public var treeBytes: Int64 = 10 << 30
        /// The number of files of one deployment.
        public var treeFiles = 1_000_000
        /// The number of repositories of one deployment: its own and all nested submodules.
        public var repositories = 50
        /// The time limit of a command that reads nothing from other machines.
        var command = Duration.seconds(60)

        /// The limits of a server without options.
        public init() {}
    }

    /// A repository that was fetched.
    struct Tree: Sendable, Equatable {
        /// The folder that holds the files of the repository.
        let folder: String
        /// The subfolder that is deployed; nil for the whole repository.
        let subfolder: String?
        let commit: String
    }

    /// How much one deployment may still fetch.
    struct Budget: Sendable {
        var repositories: Int
        var bytes: Int64
        var files: Int
    }

    /// One fetch.
    struct Fetch: Sendable {
        let id: DeploymentID
        let tenant: String
        let source: GitSource
        let auth: Credentials?
        /// The commit that an earlier server has fetched for the deployment; nil if there is none.
        var commit: String?
        let progress: GitProgress
    }

    nonisolated let limits: Limits
    private let folder: String
    private let privateFolder: String
    private let git: GitCommands
    private let runner: CommandRunner
    private let roots: SourceRoots
    /// The mirrors that are in use.
    private var busy: Set<String> = []
    private let threads = BlockingThreads(threads: 8)

    /// An actor that has fetched nothing yet.
    ///
    /// - Parameters:
    ///   - folder: the folder for mirrors and trees.
    ///   - privateFolder: the folder for private files that exist only for a while.
    ///   - roots: the folders below which repositories on this machine must be.
    ///   - environment: the server's environment.
    public init(
        folder: String,
        privateFolder: String,
        roots: SourceRoots,
        runner: CommandRunner,
        environment: [String: String],
        limits: Limits = Limits()
    ) {
        self.folder = folder
        self.privateFolder = privateFolder
        self.roots = roots
        self.runner = runner
        self.limits = limits
        git = GitCommands(environment: environment)
    }

    private func tree(_ id: DeploymentID) -> String { "\(folder)/trees/\(id)" }
    private func configurationFolder(_ id: DeploymentID) -> String { "\(privateFolder)/\(id).git" }

    // MARK: Fetching

    /// Fetches a repository and puts its files into a folder of the deployment, unless the task is
    /// cancelled. `release` removes the folder.
    func fetch(_ fetch: Fetch) async throws -> Tree {
        let tree = tree(fetch.id)
        let source = fetch.source
        try await remove(tree)
        var budget = Budget(
            repositories: limits.repositories,
            bytes: limits.treeBytes,
            files: limits.treeFiles
        )
        let commit = try await check(out: source, of: fetch, fetch.commit, to: tree, &budget)
        return Tree(folder: tree, subfolder: source.subfolder, commit: commit)
    }

    /// Collects the files of a tree that are copied.
    nonisolated func collect(
        _ tree: Tree,
        keeping kept: String? = nil,
        stall: Duration
    ) async -> Result<SourceFolder, SourceFolder.Unreadable> {
        let trees = SourceRoots([folder])
        do throws(SourceRoots.FolderFault) {
            // The path of the data folder may contain links.
            let real = try await trees.resolve(tree.folder)
            return await trees.collect(
                tree.subfolder.map { "\(real)/\($0)" } ?? real,
                keeping: kept,
                stall: stall
            )
        } catch {
            return .failure(SourceFolder.Unreadable(path: tree.folder, reason: error.message))
        }
    }

    /// Removes a deployment's files, also if its task is cancelled.
    func release(_ id: DeploymentID) async {
        let places = [tree(id), configurationFolder(id)]
        await Task {
            // If a file cannot be removed, the next start finds it.
            for place in places { try? await remove(place) }
        }.value
    }

    /// Removes what earlier servers have left for deployments that are not among these.
    public func sweep(keeping ids: Set<DeploymentID>) async {
        let trees = "\(folder)/trees"
        let kept = Set(ids.map(\.text))
        let names = try? await threads.run(for: folder, within: .seconds(10)) { _ in
            try FileManager.default.contentsOfDirectory(atPath: trees)
        }
        for name in names ?? [] where !kept.contains(name) { try? await remove("\(trees)/\(name)") }
    }

    /// Puts the files of a source and its submodules into a folder, and returns the commit.
    private func check(
        out source: GitSource,
        of fetch: Fetch,
        _ commit: String?,
        to place: String,
        _ budget: inout Budget
    ) async throws -> String {
        budget.repositories -= 1
        guard budget.repositories >= 0 else {
            throw GitFailure(
                .sourceUnreadable,
                "The repository has more than \(limits.repositories) submodules.",
                hint: "Leave out submodules, or deploy from a repository with fewer."
            )
        }
        let mirror = "\(folder)/mirrors/\(Self.key(fetch.tenant, source.location)).git"
        try await begin(mirror, fetch.progress)
        let result: Result<(String, [MirrorWork.Submodule]), any Error>
        do {
            result = .success(try await work(on: mirror, source, fetch, commit, place, &budget))
        } catch {
            result = .failure(error)
        }
        // The task is awaited here. It is a task of its own, because a cancelled one would remove nothing.
        await Task { [result] in
            // A mirror into which nothing was ever fetched is useless.
            if case .failure = result, !Mirror.wasUsed(mirror) { try? await discard(mirror) }
            end(mirror)
            await evict()
        }.value
        let (found, submodules) = try result.get()
        for submodule in submodules {
            var inner = GitSource(submodule.location)
            inner.submodules = true
            guard isPlain(submodule.path, in: place) else {
                throw GitFailure(
                    .sourceUnreadable,
                    "The submodule \(submodule.path) does not lie in the repository.",
                    hint: "Leave out submodules."
                )
            }
            _ = try await check(
                out: inner,
                of: fetch,
                submodule.commit,
                to: "\(place)/\(submodule.path)",
                &budget
            )
        }
        return found
    }

    /// Updates a mirror and puts the files into a folder. Returns the commit and its submodules.
    private func work(
        on mirror: String,
        _ source: GitSource,
        _ fetch: Fetch,
        _ commit: String?,
        _ place: String,
        _ budget: inout Budget
    ) async throws -> (String, [MirrorWork.Submodule]) {
        let path = try await pathForGit(source.location)
        // Files that a killed server has left would stop git.
        try await threads.run(for: folder, within: limits.command) { _ in Mirror.tidy(mirror) }
        let configuration: GitConfiguration
        do {
            configuration = try GitConfiguration(
                in: configurationFolder(fetch.id),
                path,
                source.location,
                fetch.auth.flatMap {
                    fetch.source.location.isSameHost(as: source.location) ? $0 : nil
                }
            )
        } catch {
            throw GitFailure(
                .sourceUnreadable,
                "The server cannot write into its data folder: \(error.localizedDescription).",
                hint: "Check whether the disk is full, and who owns the folder."
            )
        }
        defer { configuration.remove() }
        let work = MirrorWork(
            mirror: mirror,
            source: source,
            path: path,
            configuration: configuration,
            git: git,
            runner: runner,
            progress: fetch.progress,
            limits: limits
        )
        let found = try await work.fetch(commit)
        // Only git has needed the credentials.
        configuration.removeCredentials()
        return (found, try await work.checkOut(found, to: place, &budget))
    }

    /// Whether the path in a tree leads through folders only, not links.
    private nonisolated func isPlain(_ path: String, in tree: String) -> Bool {
        var place = tree
        for part in path.split(separator: "/") {
            place += "/\(part)"
            let facts = try? FileManager.default.attributesOfItem(atPath: place)
            guard facts?[.type] as? FileAttributeType == .typeDirectory else { return false }
        }
        return true
    }

    /// The location for git; on this machine exactly the folder that was checked.
    private func pathForGit(_ location: GitLocation) async throws -> String {
        guard location.way == .path else { return location.text }
        do throws(SourceRoots.FolderFault) {
            let real = try await roots.resolve(location.text)
            guard (try? GitLocation(real)) != nil else {
                throw SourceRoots.FolderFault("has a path that cannot be passed to git")
            }
            return try await LocalRepository(path: real).check()
        } catch {
            throw GitFailure(
                error.isTemporary ? .stalled : .sourceNotFound,
                "\(location.text) \(error.message).",
                hint:
                    "A repository on the server's machine must lie below one of its scripts roots."
            )
        }
    }

    /// The name of a mirror, made from the tenant and the location.
    private static func key(_ tenant: String, _ location: GitLocation) -> String {
        String(SHA256.hexadecimal(Array("\(tenant)\n\(location.text)".utf8)).prefix(40))
    }

    /// The current commit of a ref, without fetching it; nil if the ref is a commit id, because only a
    /// fetch would show whether it exists.
    func resolve(
        at source: GitSource,
        _ auth: Credentials?,
        of tenant: String
    ) async throws -> String? {
        let path = try await pathForGit(source.location)
        let configuration = try GitConfiguration(
            in: configurationFolder(DeploymentID()),
            path,
            source.location,
            auth
        )
        defer { configuration.remove() }
        let work = MirrorWork(
            mirror: "/dev/null",
            source: source,
            path: path,
            configuration: configuration,
            git: git,
            runner: runner,
            progress: GitProgress { $0 },
            limits: limits
        )
        return try await work.resolve()
    }

    // MARK: Turns

    /// Waits until nobody else uses a mirror.
    private func begin(_ mirror: String, _ progress: GitProgress) async throws {
        while busy.contains(mirror) {
            try Task.checkCancellation()
            // The one that uses it ends within its stall time or is cancelled, so waiting is not a stall.
            try await Task.pause(for: .milliseconds(50))
            progress.move()
        }
        busy.insert(mirror)
    }

    private func end(_ mirror: String) {
        busy.remove(mirror)
    }

    // MARK: Room

    /// Removes the least recently used mirrors until the others fit.
    private func evict() async {
        let mirrors = "\(folder)/mirrors"
        let found = try? await threads.run(for: folder, within: limits.command) { abandonment in
            try Mirror.all(in: mirrors, abandonment)
        }
        var sum = (found ?? []).lazy.map(\.bytes).saturatedSum
        for mirror in (found ?? []).sorted(by: { $0.usedAt < $1.usedAt }) {
            guard sum > Int64(limits.mirrorBytes) else { return }
            guard busy.insert(mirror.path).inserted else { continue }
            // If that fails, the next fetch tries again.
            try? await discard(mirror.path)
            busy.remove(mirror.path)
            sum -= mirror.bytes
        }
    }

    /// Removes a mirror. It is out of the way for the next fetch at once, however long the disk takes.
    private func discard(_ mirror: String) async throws {
        let place = "\(folder)/trees/\(DeploymentID())"
        try await threads.run(for: folder, within: limits.command) { [folder] _ in
            let files = FileManager.default
            guard files.fileExists(atPath: mirror) else { return }
            try files.createDirectory(
                atPath: "\(folder)/trees",
                withIntermediateDirectories: true
            )
            try files.moveItem(atPath: mirror, toPath: place)
        }
        // What cannot be removed now is removed at the next start.
        try await remove(place)
    }

    private func remove(_ path: String) async throws {
        try await threads.run(for: folder, within: limits.command) { _ in
            guard FileManager.default.fileExists(atPath: path) else { return }
            try FileManager.default.removeItem(atPath: path)
        }
    }
}
