import Deployments
import Docker

extension Pipeline {
    /// Puts the folder's content into the container, as one tar stream.
    func copy(_ source: SourceFolder) async throws {
        guard let containerID else { return }
        let files = source.fileCount == 1 ? "1 file" : "\(source.fileCount) files"
        try await tell(.copyingFiles, "Copying \(files) to \(request.containerPath)")
        let input = ArchiveInput(source: source, destination: request.containerPath)
        var command = DockerCommand.copyArchive(into: containerID, path: "/")
        command.tag = id.text
        let outcome = try await watchCopy(command, input, source)
        try Task.checkCancellation()
        if let broken = input.failure {
            throw StageFailure(
                .sourceUnreadable,
                "The folder changed while it was copied: \(broken.message).",
                hint: "Deploy again when nothing writes into the folder."
            )
        }
        guard outcome.succeeded else { throw failure(outcome, of: command) }
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

    private func watchCopy(
        _ command: DockerCommand,
        _ input: ArchiveInput,
        _ source: SourceFolder
    ) async throws -> CommandOutcome {
        let runner = runner
        return try await withThrowingTaskGroup(of: CommandOutcome?.self) { group in
            group.addTask { await runner.run(command, input: input) }
            group.addTask { [self] in
                try await tellCopy(input, source)
                return nil
            }
            defer { group.cancelAll() }
            while let ended = try await group.next() {
                if let outcome = ended { return outcome }
            }
            throw CancellationError()
        }
    }

    private func tellCopy(_ input: ArchiveInput, _ source: SourceFolder) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        let archiveBytes = max(1, input.byteCount)
        let total = source.byteCount
        var lastMovement = start
        var told: Int64 = 0
        var rate = TransferRate()
        while true {
            try await Task.sleep(for: Pacing.interval(after: clock.now - start))
            let taken = input.taken
            guard taken != told, taken < archiveBytes else {
                guard clock.now - lastMovement > options.stallTimeout else { continue }
                throw StageFailure(
                    .stalled,
                    "The copy has not moved for \(options.stallTimeout.components.seconds) s.",
                    hint: "See whether the engine answers and its disk is not full."
                )
            }
            told = taken
            lastMovement = clock.now
            let fraction = Double(taken) / Double(archiveBytes)
            // Headers and padding belong to no file; the share that has gone is told in its bytes.
            let done = min(total, Int64(Double(total) * fraction))
            rate.note(done, at: clock.now - start)
            var members = [
                JSONMember("bytes_done", .integer(done)),
                JSONMember("bytes_total", .integer(total)),
            ]
            if let speed = rate.bytesPerSecond {
                members.append(JSONMember("bytes_per_second", .integer(speed)))
            }
            if let left = rate.secondsLeft(total - done) {
                members.append(JSONMember("eta_seconds", .integer(left)))
            }
            try await tell(
                .copyingFiles,
                "Copying to \(request.containerPath) (\(byteText(done, of: total)))",
                fraction: min(fraction, 0.99),
                detail: .object(members)
            )
        }
    }
}
