import Deployments

extension Pipeline {
    /// Reads which files there are.
    func collectFiles() async throws {
        let found: Result<SourceFolder, SourceFolder.Unreadable>
        switch request.source {
        case nil: return
        case .folder(let folder):
            found = await options.roots.collect(folder, stall: options.stallTimeout)
        case .git:
            guard let tree = observed.tree else { return }
            found = await options.repositories.collect(tree, stall: options.stallTimeout)
        case .archive(let id):
            guard let file = await options.archives.file(of: id, tenant: tenant) else {
                throw StageFailure(
                    .sourceNotFound,
                    "The archive \(DeploymentSource.archivePrefix)\(id) is not there any more.",
                    hint: "Send it again to /api/archives, then deploy again."
                )
            }
            let limits = await options.archives.limits(of: id, tenant: tenant)
            found = await file.collect(within: limits)
        }
        switch found {
        case .success(let source):
            if let hidden = StageFailure(hiding: source, of: request) { throw hidden }
            observed.source = source
        case .failure(let unreadable):
            try Task.checkCancellation()
            throw StageFailure(
                unreadable,
                request.folder == nil
                    ? "The source cannot be copied" : "The folder cannot be copied",
                hint: "Mend or remove it, or name it in a .dockerignore file in the folder."
            )
        }
    }

    func attendCollection() async throws {
        try await tell(
            .preparingFiles,
            "Collecting the files of \(request.app)",
            fraction: observed.tree == nil ? 0 : Self.fetchShare
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
    /// Files would be copied to where the container's program does not see them; nil if all of
    /// them are seen.
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
