import Threads

/// The result of the work; nil if the time is over first or the task is cancelled.
///
/// In that case the work is cancelled and its end awaited.
func within<Value: Sendable>(
    _ time: Duration,
    _ work: @escaping @Sendable () async -> Value
) async -> Value? {
    await withTaskGroup(of: Value?.self) { group in
        group.addTask { await work() }
        group.addTask {
            try? await Task.pause(for: time)  // It is cancelled if the work is done first.
            return nil
        }
        defer { group.cancelAll() }
        return await group.next() ?? nil
    }
}
