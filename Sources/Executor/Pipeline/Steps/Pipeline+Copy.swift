import Deployments
import Engine

extension Pipeline {
    /// Reads a small folder while the container is started.
    func readFiles() async {
        guard let source = observed.source else { return }
        let archive = archive(of: source)
        observed.archive = archive
        await archive.readAhead()
    }

    /// What is copied, as the archive that the container is given.
    func archive(of source: SourceFolder) -> any SourceArchive {
        archive(
            of: source,
            EntryHeaders(destination: copyPlace.rest, owner: fileOwner)
        )
    }

    /// A source as an archive with these headers.
    func archive(of source: SourceFolder, _ headers: EntryHeaders) -> any SourceArchive {
        switch source.origin {
        case .folder(let folder):
            ArchiveInput(
                source: source,
                folder: folder,
                headers: headers,
                stall: options.stallTimeout
            )
        case .archive(let file):
            RepackedArchive(
                source: source,
                file: file,
                headers: headers,
                stall: options.stallTimeout
            )
        }
    }

    /// Puts the folder's content into the container, as one tar stream.
    func copyFiles() async throws {
        guard let source = observed.source, let id = observed.container?.id else { return }
        // If the disk is so slow that nothing has been read ahead, this step reads the files itself.
        abandon(.readFiles)
        let ahead = observed.archive
        let archive: any SourceArchive =
            if let ahead, ahead.isReadAhead { ahead } else { archive(of: source) }
        observed.archive = archive
        try await copy(archive, into: id)
    }

    /// Puts an archive of the folder into a container.
    func copy(_ archive: any SourceArchive, into id: String) async throws {
        let place = copyPlace.folder
        let outcome = try await attempt { engine throws(EngineFailure) in
            try await engine.copy(archive, into: id, at: place)
        }
        if let broken = archive.failure {
            throw StageFailure(
                broken,
                "The folder changed while it was copied",
                hint: "Deploy again when nothing writes into the folder."
            )
        }
        try outcome.getOrFail()
    }

    /// Tells how far the copy has come, in its stage.
    func attendCopy() async throws {
        guard let source = observed.source else { return }
        try await tell(
            .copyingFiles,
            "Copying \(source.files) to \(request.containerPath)"
        )
        try await finish(.copyFiles) { [self] in try await tellCopy(of: source) }
        try await tell(
            .copyingFiles,
            "Copied \(source.files), \(byteText(source.byteCount))",
            fraction: 1,
            detail: [
                "bytes_done": .integer(source.byteCount),
                "bytes_total": .integer(source.byteCount),
                "files": .integer(source.fileCount),
            ]
        )
    }

    private func tellCopy(of source: SourceFolder) async throws {
        let throttle = ProgressThrottle()
        var watch: CopyStallDetector?
        while !Task.isCancelled {
            try await throttle.pause()
            guard let archive = observed.archive else { continue }
            let detector =
                watch
                ?? CopyStallDetector(
                    archiveBytes: archive.byteCount,
                    fileBytes: source.byteCount,
                    options: options
                )
            watch = detector
            try await tellCopy(detector.assess(archive.taken), of: source.byteCount)
        }
    }

    private func tellCopy(_ finding: CopyStallDetector.Assessment, of fileBytes: Int64) async throws
    {
        switch finding {
        case .nothingNew: return
        case .stalled: throw copyStalled
        case .moved(let done, let fraction, let detail):
            let amount = byteText(done, of: fileBytes)
            try await tell(
                .copyingFiles,
                "Copying to \(request.containerPath) (\(amount))",
                fraction: min(fraction, 0.99),
                detail: detail
            )
        }
    }

    private var copyStalled: StageFailure {
        StageFailure(
            .stalled,
            "The copy has not moved for \(options.stallSeconds) s.",
            hint: "See whether the engine answers and its disk is not full."
        )
    }
}
