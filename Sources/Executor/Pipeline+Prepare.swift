import Deployments
import Dispatch

extension Pipeline {
    /// Waits for the folder's entries, whose collection began with the deployment.
    func prepare(
        _ collecting: Task<Result<SourceFolder, SourceFolder.Unreadable>, Never>
    ) async throws -> SourceFolder {
        try await tell(.preparingFiles, "Collecting the files of \(request.app)")
        switch await collecting.value {
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
    /// Collects the folder on a thread that may wait for the disk.
    static func collect(_ path: String) async -> Result<SourceFolder, Unreadable> {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    returning: Result { () throws(Unreadable) in try SourceFolder(collecting: path)
                    }
                )
            }
        }
    }
}
