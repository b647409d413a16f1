extension Task where Failure == Never {
    /// The task's result. The task is cancelled with the one that waits for it.
    var joined: Success {
        get async {
            await withTaskCancellationHandler {
                await value
            } onCancel: {
                cancel()
            }
        }
    }
}

extension Task where Failure == any Error {
    /// The task's result. The task is cancelled with the one that waits for it.
    var joined: Success {
        get async throws {
            try await withTaskCancellationHandler {
                try await value
            } onCancel: {
                cancel()
            }
        }
    }
}
