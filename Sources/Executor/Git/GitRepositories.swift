public import Deployments
import Foundation
import Numbers
public import Subprocess
import Threads

/// Fetches git repositories: into mirrors that are kept, as far as there is room, and from those into a
/// folder for each deployment.
public actor GitRepositories {
    /// How much is fetched, and kept.
    public struct Limits: Sendable {
        /// What all mirrors together may take; those that were not used for longest go.
        public var mirrorBytes = 5 << 30
        /// The files of one deployment together.
        public var treeBytes: Int64 = 10 << 30
        /// The files of one deployment.
        public var treeFiles = 1_000_000
        /// Repositories of one deployment: its own and its submodules, and theirs.
        public var repositories = 50
        /// How long a command that reads nothing from elsewhere may take.
        var command = Duration.seconds(60)

        /// The limits of a server without options.
        public init() {}
    }

    /// What was fetched.
    struct Tree: Sendable, Equatable {
        /// The folder that holds the files of the repository.
        let folder: String
        /// The folder in it that is taken for the whole.
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
        /// The commit that was fetched before, by a server before this one.
        var commit: String?
        let progress: GitProgress
    }

    nonisolated let limits: Limits
    private let folder: String
    private let privateFolder: String
    private let git: GitCommands
    private let runner: CommandRunner
    private let roots: SourceRoots
    /// The mirrors that are worked on.
    private var busy: Set<String> = []
    private let threads = BlockingThreads(threads: 8)

    /// Repositories of which none is fetched yet.
    ///
    /// - Parameters:
    ///   - folder: where mirrors and trees are kept.
    ///   - privateFolder: for what must lie in a file for a moment.
    ///   - roots: below which repositories of this machine lie.
    ///   - environment: the server's own.
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

    /// Fetches a repository, and puts its files into a folder of the deployment's own. Until the task is
    /// cancelled; `release` takes the folder away.
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

    /// What of a tree is copied.
    nonisolated func collect(
        _ tree: Tree,
        keeping kept: String? = nil,
        stall: Duration
    ) async -> Result<SourceFolder, SourceFolder.Unreadable> {
        let trees = SourceRoots([folder])
        do throws(SourceRoots.FolderFault) {
            // The data folder may be reached by way of a link.
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

    /// Takes a deployment's files away, also for one that was cancelled.
    func release(_ id: DeploymentID) async {
        let places = [tree(id), configurationFolder(id)]
        await Task {
            // What cannot be removed is found again at the next start.
            for place in places { try? await remove(place) }
        }.value
    }

    /// Takes away what servers before this one have left for deployments that are not there.
    public func sweep(keeping ids: Set<DeploymentID>) async {
        let trees = "\(folder)/trees"
        let kept = Set(ids.map(\.text))
        let names = try? await threads.run(for: folder, within: .seconds(10)) { _ in
            try FileManager.default.contentsOfDirectory(atPath: trees)
        }
        for name in names ?? [] where !kept.contains(name) { try? await remove("\(trees)/\(name)") }
    }

    /// Puts the files of a source, and of its submodules, into a folder; gives the commit.
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
        // Awaited here; a cancelled task would remove nothing.
        await Task { [result] in
            // One of which nothing was ever fetched is worth nothing.
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

    /// Brings a mirror up to date, and puts the files into a folder; gives the commit and its submodules.
    private func work(
        on mirror: String,
        _ source: GitSource,
        _ fetch: Fetch,
        _ commit: String?,
        _ place: String,
        _ budget: inout Budget
    ) async throws -> (String, [MirrorWork.Submodule]) {
        let path = try await pathForGit(source.location)
        // What a server that was killed has left would keep git from going on.
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
                hint: "See whether the disk is full, and who owns the folder."
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
        // Nobody but git has needed them.
        configuration.removeCredentials()
        return (found, try await work.checkOut(found, to: place, &budget))
    }

    /// Whether the way to a place in a tree goes through folders alone.
    private nonisolated func isPlain(_ path: String, in tree: String) -> Bool {
        var place = tree
        for part in path.split(separator: "/") {
            place += "/\(part)"
            let facts = try? FileManager.default.attributesOfItem(atPath: place)
            guard facts?[.type] as? FileAttributeType == .typeDirectory else { return false }
        }
        return true
    }

    /// What git is given for a place: on this machine the folder that was looked at, and no other.
    private func pathForGit(_ location: GitLocation) async throws -> String {
        guard location.way == .path else { return location.text }
        do throws(SourceRoots.FolderFault) {
            let real = try await roots.resolve(location.text)
            guard (try? GitLocation(real)) != nil else {
                throw SourceRoots.FolderFault("has a path that git cannot be given")
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

    /// A mirror's name: of a tenant and a place.
    private static func key(_ tenant: String, _ location: GitLocation) -> String {
        String(SHA256.hexadecimal(Array("\(tenant)\n\(location.text)".utf8)).prefix(40))
    }

    /// The commit that a ref is now, without fetching it; nil for a commit id, of which only a fetch would
    /// show whether it is there.
    func look(
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
        return try await work.look()
    }

    // MARK: Turns

    /// Waits until nobody else works on a mirror.
    private func begin(_ mirror: String, _ progress: GitProgress) async throws {
        while busy.contains(mirror) {
            try Task.checkCancellation()
            // Whoever has it ends within its stall time, or is cancelled: this one does not stall.
            try await Task.pause(for: .milliseconds(50))
            progress.move()
        }
        busy.insert(mirror)
    }

    private func end(_ mirror: String) {
        busy.remove(mirror)
    }

    // MARK: Room

    /// Removes the mirrors that were not used for longest, until all of them fit.
    private func evict() async {
        let mirrors = "\(folder)/mirrors"
        let found = try? await threads.run(for: folder, within: limits.command) { abandonment in
            try Mirror.all(in: mirrors, abandonment)
        }
        var sum = (found ?? []).lazy.map(\.bytes).saturatedSum
        for mirror in (found ?? []).sorted(by: { $0.usedAt < $1.usedAt }) {
            guard sum > Int64(limits.mirrorBytes) else { return }
            guard busy.insert(mirror.path).inserted else { continue }
            // The next fetch tries again.
            try? await discard(mirror.path)
            busy.remove(mirror.path)
            sum -= mirror.bytes
        }
    }

    /// Removes a mirror: at once for whoever fetches next, however long its disk takes.
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
        // What is left of it is swept up with the next start.
        try await remove(place)
    }

    private func remove(_ path: String) async throws {
        try await threads.run(for: folder, within: limits.command) { _ in
            guard FileManager.default.fileExists(atPath: path) else { return }
            try FileManager.default.removeItem(atPath: path)
        }
    }
}
