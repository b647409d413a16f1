import Deployments

extension Pipeline {
    /// Waits for the folder's entries, whose collection began with the deployment.
    func prepare(
        _ collecting: Task<Result<SourceFolder, SourceFolder.Unreadable>, Never>
    ) async throws -> SourceFolder {
        try await tell(.preparingFiles, "Collecting the files of \(request.app)")
        let collected = await collecting.joined
        try Task.checkCancellation()
        switch collected {
        case .success(let source):
            if let hidden = StageFailure(hiding: source, at: request.containerPath) { throw hidden }
            let files = source.fileCount == 1 ? "1 file" : "\(source.fileCount) files"
            try await tell(
                .preparingFiles,
                "\(files), \(byteText(source.byteCount)) to copy",
                fraction: 1,
                detail: [
                    "files": .integer(source.fileCount),
                    "bytes_total": .integer(source.byteCount),
                ]
            )
            return source
        case .failure(let unreadable):
            throw StageFailure(
                unreadable,
                "The folder cannot be copied",
                hint: "Mend or remove it, or name it in a .dockerignore file in the folder."
            )
        }
    }
}

extension StageFailure {
    /// Files would be copied to where the container's program does not see them; nil if all of
    /// them are seen.
    init?(hiding source: SourceFolder, at destination: String) {
        guard let (entry, place) = source.hidden(at: destination) else { return nil }
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
