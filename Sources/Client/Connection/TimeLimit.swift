import Threads

/// What the work gives; nil if the time is over before, or the task is cancelled.
///
/// The work is cancelled then, and its end is waited for.
func within<Value: Sendable>(
    _ time: Duration,
    _ work: @escaping @Sendable () async -> Value
) async -> Value? {
    await withTaskGroup(of: Value?.self) { group in
        group.addTask { await work() }
        group.addTask {
            try? await Task.pause(for: time)  // Cancelled: the work is done.
            return nil
        }
        defer { group.cancelAll() }
        return await group.next() ?? nil
    }
}
