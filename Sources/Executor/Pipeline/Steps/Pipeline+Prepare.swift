import Deployments

extension Pipeline {
    /// Reads which files are copied.
    func collectFiles() async throws {
        guard let source = try await collect() else { return }
        if let hidden = StageFailure(hiding: source, of: request) { throw hidden }
        observed.source = source
    }

    /// Reads which files there are; nil if there is no source.
    ///
    /// - Parameter kept: a file that is taken whatever `.dockerignore` says.
    func collect(keeping kept: String? = nil) async throws -> SourceFolder? {
        do throws(Obstacle) {
            return try await questions.collect(
                keeping: kept,
                of: observed.tree,
                stall: options.stallTimeout,
                purpose: plan.contains(.collectContext) ? "read" : "copied"
            )
        } catch {
            try Task.checkCancellation()
            throw error.failure
        }
    }

    /// Waits for the files in the stage that prepares them, and tells how many there are.
    func attendCollection() async throws {
        try await tell(
            .preparingFiles,
            "Collecting the files of \(request.app)",
            fraction: observed.tree == nil ? 0 : fetchShare
        )
        try await finish(.collectFiles)
        guard let source = observed.source else { return }
        try await tell(
            .preparingFiles,
            "\(source.files), \(byteText(source.byteCount)) to copy",
            fraction: 1,
            detail: [
                "files": .integer(source.fileCount),
                "bytes_total": .integer(source.byteCount),
            ]
        )
    }
}

extension SourceFolder {
    /// How many files there are: `1 file`, `2 files`.
    var files: String { fileCount == 1 ? "1 file" : "\(fileCount) files" }
}

extension StageFailure {
    /// Files would be copied to a place that the container's program does not see; nil if it sees all of
    /// them.
    init?(hiding source: SourceFolder, of request: DeploymentRequest) {
        let destination = request.containerPath
        let memory = request.settings.tmpfs.keys.sorted()
        guard let (entry, place) = source.hidden(at: destination, besides: memory) else {
            return nil
        }
        let path = String(decoding: entry.path, as: UTF8.self)
        self.init(
            .copyFailed,
            "\(path) cannot be copied to \(destination): the engine mounts its own \(place) over it.",
            hint: "Choose another container_path, or name \(path) in a .dockerignore file."
        )
    }

    /// The folder could not be read.
    init(_ unreadable: SourceFolder.Unreadable, _ what: String, hint: String) {
        self.init(
            unreadable.isStalled ? .stalled : .sourceUnreadable,
            "\(what): \(unreadable.message).",
            hint: unreadable.isStalled
                ? "See whether the file system that holds the folder answers." : hint
        )
    }
}
