import Deployments
import Foundation
import Numbers
import Streams
import Subprocess
import Synchronization

/// The git commands on one mirror for one deployment.
struct MirrorWork: Sendable {
    let mirror: String
    let source: GitSource
    /// The location in the form that git is given.
    let path: String
    let configuration: GitConfiguration
    let git: GitCommands
    let runner: CommandRunner
    let progress: GitProgress
    let limits: GitRepositories.Limits

    /// A repository within the repository.
    struct Submodule: Sendable {
        let path: String
        let location: GitLocation
        let commit: String
    }

    // MARK: Fetching

    /// Fetches what was requested into the mirror, and returns the commit.
    ///
    /// - Parameter pinned: the commit that must be fetched; nil for the current commit of the ref.
    func fetch(_ pinned: String?) async throws -> String {
        if let pinned, await has(pinned) {
            Mirror.markUsed(mirror)
            return pinned
        }
        try await make()
        var asked = source
        if let pinned { asked.ref = pinned }
        let ref = asked.ref ?? "HEAD"
        let kept = "refs/slipway/\(SHA256.hexadecimal(Array(ref.utf8)).prefix(20))"
        let outcome = try await run(
            [
                "--git-dir=\(mirror)", "fetch", "--progress", "--no-tags", "--depth=1", "--force",
                "--no-recurse-submodules", "--no-write-fetch-head",
            ] + strict + [
                "--", path,
                "+\(ref):\(kept)",
            ],
            tellsProgress: true,
            take: isWithinLimit
        )
        if !outcome.succeeded {
            // Some servers do not send a commit by its id, but only with the branches and tags that lead to
            // it.
            guard GitSource.isCommit(ref), !outcome.cancelled,
                progress.state.lines.contains(where: { $0.contains("unadvertised object") })
            else { throw failure(outcome, asked) }
            try await fetchAll()
            guard await has(ref) else {
                throw GitFailure(["couldn't find remote ref"], of: asked)
            }
            Mirror.markUsed(mirror)
            return ref
        }
        let commit = try await run(
            ["--git-dir=\(mirror)", "rev-parse", "--verify", "--quiet", "\(kept)^{commit}"]
        )
        let text = String(decoding: commit.output, as: UTF8.self).trimmingCharacters(in: .newlines)
        guard commit.succeeded, GitSource.isCommit(text) else {
            throw GitFailure(
                .sourceNotFound,
                "\(ref) of \(source.location.text) is not a commit.",
                hint: "Name a branch, a tag or a commit."
            )
        }
        Mirror.markUsed(mirror)
        return text
    }

    /// Fetches every branch and tag with their whole history.
    private func fetchAll() async throws {
        let outcome = try await run(
            [
                "--git-dir=\(mirror)", "fetch", "--progress", "--force", "--prune",
                "--depth=2147483647",
                "--no-recurse-submodules", "--no-write-fetch-head",
            ] + strict + [
                "--", path,
                "+refs/heads/*:refs/slipway/heads/*", "+refs/tags/*:refs/slipway/tags/*",
            ],
            tellsProgress: true,
            take: isWithinLimit
        )
        guard outcome.succeeded else { throw failure(outcome, source) }
    }

    /// Returns whether fewer bytes were received than are allowed.
    private var isWithinLimit: @Sendable ([UInt8]) -> Bool {
        let (progress, most) = (progress, limits.treeBytes)
        return { _ in progress.state.bytes <= most }
    }

    /// The path is taken literally: git does not look for a repository beside it (git-upload-pack(1)).
    private var strict: [String] {
        source.location.way == .path ? ["--upload-pack=git-upload-pack --strict"] : []
    }

    /// Whether the mirror has a commit and its files.
    private func has(_ commit: String) async -> Bool {
        let outcome = try? await run(
            ["--git-dir=\(mirror)", "cat-file", "-e", "\(commit)^{tree}"]
        )
        return outcome?.succeeded == true
    }

    private func make() async throws {
        let head = "\(mirror)/HEAD"
        guard !FileManager.default.fileExists(atPath: head) else { return }
        let outcome = try await run(["init", "--bare", "--quiet", "--template=", "--", mirror])
        guard outcome.succeeded else { throw failure(outcome, source) }
    }

    /// The current commit of the ref in the remote repository; nil if the ref is a commit id.
    func resolve() async throws -> String? {
        let ref = source.ref ?? "HEAD"
        let isCommit = GitSource.isCommit(ref)
        let outcome = try await run(
            ["--git-dir=\(mirror)", "ls-remote"] + strict + ["--", path]
                + (isCommit ? ["HEAD"] : [ref, "\(ref)^{}"]),
            deadline: .seconds(10)
        )
        guard outcome.succeeded else {
            if outcome.deadlinePassed { throw CancellationError() }
            throw failure(outcome, source)
        }
        guard !isCommit else { return nil }
        var commits: [Substring: Substring] = [:]
        for line in String(decoding: outcome.output, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: "\t")
            if fields.count == 2 { commits[fields[1]] = fields[0] }
        }
        // This is git's own order (gitrevisions(7)). An annotated tag's commit is listed under its name
        // with `^{}`.
        let names = ["", "refs/", "refs/tags/", "refs/heads/"].map { $0 + ref }
        for name in names {
            if let commit = commits["\(name)^{}"] ?? commits[Substring(name)] {
                return String(commit)
            }
        }
        throw GitFailure(["couldn't find remote ref"], of: source)
    }

    // MARK: The files

    /// Puts the files of a commit into a folder, and returns the commit's submodules.
    func checkOut(
        _ commit: String,
        to place: String,
        _ budget: inout GitRepositories.Budget
    ) async throws -> [Submodule] {
        let links = try await list(commit, &budget)
        try FileManager.default.createDirectory(
            atPath: place,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let index = "\(configuration.folder)/index"
        let outcome = try await run(
            [
                "--git-dir=\(mirror)", "--work-tree=\(place)", "-c", "core.bare=false",
                "read-tree", "-v", "--reset", "-u", commit,
            ],
            variables: ["GIT_INDEX_FILE": index],
            tellsProgress: true
        )
        guard outcome.succeeded else { throw failure(outcome, source) }
        guard source.submodules, !links.isEmpty else { return [] }
        return try await submodules(of: commit, links)
    }

    /// Checks the size of a commit before it is written, and returns the commits of its submodules by their
    /// paths.
    private func list(
        _ commit: String,
        _ budget: inout GitRepositories.Budget
    ) async throws -> [String: String] {
        let listing = Mutex(
            TreeListing(keepsLinks: source.submodules, mostLinks: budget.repositories)
        )
        let (bytes, files, progress) = (budget.bytes, budget.files, progress)
        // The command is ended as soon as there is too much.
        let outcome = try await run(
            ["--git-dir=\(mirror)", "ls-tree", "-r", "-t", "-l", "-z", "--full-tree", commit],
            outputLimit: 0
        ) { piece in
            progress.move()
            return listing.withLock { listing in
                listing.feed(piece)
                return listing.isWithin(bytes: bytes, files: files)
            }
        }
        let found = listing.withLock { $0 }
        guard found.isWithin(bytes: bytes, files: files) else {
            throw GitFailure(
                .sourceUnreadable,
                "\(source.location.text) holds more than \(limits.treeFiles) files and folders,"
                    + " \(byteText(limits.treeBytes)), or \(limits.repositories) submodules.",
                hint: "Deploy from a repository that holds less."
            )
        }
        guard outcome.succeeded else { throw failure(outcome, source) }
        budget.bytes -= found.bytes
        budget.files -= found.files
        return found.links
    }

    /// The locations of the submodules (gitmodules(5)).
    private func submodules(of commit: String, _ links: [String: String]) async throws
        -> [Submodule]
    {
        let outcome = try await run(
            [
                "--git-dir=\(mirror)", "config", "--no-includes", "--blob",
                "\(commit):.gitmodules", "--null", "--list",
            ],
            outputLimit: 1 << 20
        )
        guard outcome.succeeded else {
            throw GitFailure(
                .sourceNotFound,
                "\(source.location.text) has submodules, but no .gitmodules that can be read.",
                hint: "Repair .gitmodules, or leave out submodules."
            )
        }
        var fields: [String: [String: String]] = [:]
        for entry in outcome.output.split(separator: 0) {
            let parts = entry.split(separator: 0x0A, maxSplits: 1)
            let key = String(decoding: parts[0], as: UTF8.self)
            let value = parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : ""
            guard key.hasPrefix("submodule."), let dot = key.lastIndex(of: ".") else { continue }
            let name = String(key[..<dot].dropFirst("submodule.".count))
            fields[name, default: [:]][String(key[key.index(after: dot)...])] = value
        }
        var found: [Submodule] = []
        for (path, inner) in links.sorted(by: { $0.key < $1.key }) {
            guard let url = fields.values.first(where: { $0["path"] == path })?["url"] else {
                throw GitFailure(
                    .sourceNotFound,
                    "The submodule \(path) has no url in .gitmodules.",
                    hint: "Repair .gitmodules, or leave out submodules."
                )
            }
            do throws(GitLocation.Refused) {
                let location = try source.location.submodule(url)
                // A repository on another machine must not name a path on the server's machine.
                guard location.way != .path || source.location.way == .path else {
                    throw GitLocation.Refused("must not be a path on the server")
                }
                found.append(Submodule(path: path, location: location, commit: inner))
            } catch {
                throw GitFailure(
                    .sourceNotFound,
                    "The submodule \(path) cannot be fetched: its url \(error.reason).",
                    hint:
                        "Give it a url that begins with https:// or ssh://, or leave out submodules."
                )
            }
        }
        return found
    }

    // MARK: Running

    private func failure(_ outcome: CommandOutcome, _ asked: GitSource) -> any Error {
        if progress.state.bytes > limits.treeBytes {
            return GitFailure(
                .sourceUnreadable,
                "\(asked.location.text) sends more than \(byteText(limits.treeBytes)).",
                hint: "Deploy from a repository that holds less."
            )
        }
        if outcome.cancelled { return CancellationError() }
        if case .notStarted(let reason) = outcome.termination {
            return GitFailure(
                .sourceUnreadable,
                "git cannot be run: \(reason).",
                hint: "Install git on the server."
            )
        }
        let lines = progress.state.lines.isEmpty ? outcome.errorLines : progress.state.lines
        return GitFailure(lines, of: asked)
    }

    /// Runs git.
    ///
    /// - Parameter take: called with its output as it arrives; if it returns false, git is ended.
    private func run(
        _ words: [String],
        deadline: Duration? = nil,
        outputLimit: Int = 65_536,
        variables: [String: String] = [:],
        tellsProgress: Bool = false,
        take: (@Sendable ([UInt8]) -> Bool)? = nil
    ) async throws -> CommandOutcome {
        let command = git.command(
            words,
            way: source.location.way,
            configuration: configuration.folder,
            deadline: tellsProgress || take != nil ? nil : deadline ?? limits.command,
            outputLimit: tellsProgress ? 0 : outputLimit,
            variables: variables,
            output: tellsProgress ? .merged : .pipes
        )
        progress.begin()
        let (runner, progress) = (runner, progress)
        let (excess, end) = AsyncStream.makeStream(of: Void.self)
        // Both tasks end below. The command is cancelled with the calling task, or if there is too much
        // output.
        let running = Task {
            await runner.run(
                command,
                onOutput: { bytes in
                    if tellsProgress { progress.take(bytes) }
                    if let take, !take(bytes) { end.yield() }
                }
            )
        }
        let watching = Task {
            for await _ in excess { running.cancel() }
        }
        defer { end.finish() }
        let outcome = await withTaskCancellationHandler {
            await running.value
        } onCancel: {
            running.cancel()
            watching.cancel()
        }
        try Task.checkCancellation()
        return outcome
    }
}

/// What `git ls-tree -r -t -l -z` lists of a commit: `MODE TYPE ID SIZE\tPATH`.
struct TreeListing: Sendable {
    /// The number of files, folders and links.
    private(set) var files = 0
    private(set) var bytes: Int64 = 0
    /// The commits of the submodules by their paths.
    private(set) var links: [String: String] = [:]
    private var rest: [UInt8] = []
    private var pathBytes = 0
    private let keepsLinks: Bool
    private let mostLinks: Int

    /// The maximum bytes of an entry, more than any file system allows.
    private static let longestEntry = 8_192
    /// The maximum bytes of all paths together.
    private static let mostPathBytes = 128 << 20

    init(keepsLinks: Bool = false, mostLinks: Int = 0) {
        self.keepsLinks = keepsLinks
        self.mostLinks = mostLinks
    }

    /// Whether the commit is within these limits and those of the listing itself.
    func isWithin(bytes: Int64, files: Int) -> Bool {
        self.files <= files && self.bytes <= bytes && links.count <= mostLinks
            && rest.count <= Self.longestEntry && pathBytes <= Self.mostPathBytes
    }

    mutating func feed(_ piece: [UInt8]) {
        guard rest.count <= Self.longestEntry else { return }
        rest += piece
        var start = rest.startIndex
        while let end = rest[start...].firstIndex(of: 0) {
            read(rest[start..<end])
            start = end + 1
        }
        rest.removeSubrange(..<start)
    }

    private mutating func read(_ entry: ArraySlice<UInt8>) {
        files += 1
        pathBytes += entry.count
        guard let tab = entry.firstIndex(of: 0x09) else { return }
        let fields = entry[..<tab].split(separator: 0x20)
        guard fields.count == 4 else { return }
        if let size = Int64(String(decoding: fields[3], as: UTF8.self)) {
            bytes = bytes.addingSaturated(size)
        }
        guard keepsLinks, links.count <= mostLinks, fields[0].elementsEqual("160000".utf8) else {
            return
        }
        links[String(decoding: entry[(tab + 1)...], as: UTF8.self)] =
            String(decoding: fields[2], as: UTF8.self)
    }
}
