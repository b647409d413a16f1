import Deployments
import Dispatch
import Synchronization

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
                .sourceUnreadable,
                "The folder cannot be copied: \(unreadable.message).",
                hint: "Mend or remove it, or name it in a .dockerignore file in the folder."
            )
        }
    }
}

extension SourceFolder {
    /// Collects the folder on a thread that may wait for the disk, until the task is cancelled.
    static func collect(_ path: String) async -> Result<SourceFolder, Unreadable> {
        let flag = CancelFlag()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    let result = Result { () throws(Unreadable) in
                        try SourceFolder(collecting: path, isCancelled: { flag.isRaised })
                    }
                    continuation.resume(returning: result)
                }
            }
        } onCancel: {
            flag.raise()
        }
    }

    private final class CancelFlag: Sendable {
        private let raised = Atomic(false)

        var isRaised: Bool { raised.load(ordering: .relaxed) }

        func raise() { raised.store(true, ordering: .relaxed) }
    }
}
