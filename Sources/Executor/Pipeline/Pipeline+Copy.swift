import Deployments
import Engine

extension Pipeline {
    /// Puts the folder's content into the container, as one tar stream.
    func copy(_ source: SourceFolder) async throws {
        let files = source.fileCount == 1 ? "1 file" : "\(source.fileCount) files"
        try await tell(.copyingFiles, "Copying \(files) to \(request.containerPath)")
        let run = copying ?? beginCopy(source)
        copying = run
        let input = run.input
        let outcome = try await watchCopy(run, source)
        try Task.checkCancellation()
        if let broken = input.failure {
            throw StageFailure(
                broken,
                "The folder changed while it was copied",
                hint: "Deploy again when nothing writes into the folder."
            )
        }
        try outcome.getOrFail()
        try await tell(
            .copyingFiles,
            "Copied \(files), \(byteText(source.byteCount))",
            fraction: 1,
            detail: [
                "bytes_done": .integer(source.byteCount),
                "bytes_total": .integer(source.byteCount),
                "files": .integer(source.fileCount),
            ]
        )
    }

    private func archive(of source: SourceFolder) -> ArchiveInput {
        ArchiveInput(
            source: source,
            destination: request.containerPath,
            stall: options.stallTimeout
        )
    }

    /// Reads a small folder while the container is started.
    func readAhead(_ source: SourceFolder) {
        guard source.isSmall else { return }
        let input = archive(of: source)
        reading = (input, Task { await input.readAhead() })
    }

    /// Begins the copy if all of it has been read. A copy keeps the engine from telling of the
    /// container, and one that had to wait for its folder would do so for long.
    func beginCopyOfWhatIsRead() {
        guard let (input, task) = reading else { return }
        reading = nil
        guard input.isReadAhead else { return task.cancel() }
        copying = beginCopy(input)
    }

    /// Starts the copy itself.
    func beginCopy(_ source: SourceFolder) -> CopyRun { beginCopy(archive(of: source)) }

    private func beginCopy(_ input: ArchiveInput) -> CopyRun {
        let (engine, container) = (engine, containerID ?? "")
        let task = Task<Result<Void, EngineFailure>, Never> {
            do throws(EngineFailure) {
                return .success(try await engine.copy(input, into: container))
            } catch {
                return .failure(error)
            }
        }
        return CopyRun(input: input, task: task)
    }

    private func watchCopy(
        _ run: CopyRun,
        _ source: SourceFolder
    ) async throws -> Result<Void, EngineFailure> {
        try await withThrowingTaskGroup(of: Result<Void, EngineFailure>?.self) { group in
            group.addTask {
                await run.task.joined
            }
            group.addTask { [self] in
                try await tellCopy(run.input, source.byteCount)
                return nil
            }
            defer { group.cancelAll() }
            while let ended = try await group.next() {
                if let outcome = ended { return outcome }
            }
            throw CancellationError()
        }
    }

    private func tellCopy(_ input: ArchiveInput, _ fileBytes: Int64) async throws {
        let watch = CopyStallDetector(
            archiveBytes: input.byteCount,
            fileBytes: fileBytes,
            options: options
        )
        let throttle = ProgressThrottle()
        while !Task.isCancelled {
            try await throttle.pause()
            try await tellCopy(watch.look(input.taken), of: fileBytes)
        }
    }

    private func tellCopy(_ finding: CopyStallDetector.Finding, of fileBytes: Int64) async throws {
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

/// A copy that has been started.
struct CopyRun: Sendable {
    let input: ArchiveInput
    let task: Task<Result<Void, EngineFailure>, Never>
}
