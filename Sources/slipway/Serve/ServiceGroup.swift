/// The long-running parts of the program: started in order, and stopped in the opposite order.
///
/// A part is stopped once everything that was added after it has stopped, so it may rely on what was
/// added before it for as long as it runs.
struct ServiceGroup: Sendable {
    private struct Service: Sendable {
        let run: @Sendable () async -> Void
        let stop: (@Sendable () async -> Void)?
    }

    private var services: [Service] = []

    /// Adds a part that runs until its task is cancelled.
    mutating func add(_ run: @escaping @Sendable () async -> Void) {
        services.append(Service(run: run, stop: nil))
    }

    /// Adds a part that is told to stop.
    ///
    /// - Parameters:
    ///   - run: what it does until then; without it the part runs by itself.
    ///   - stop: ends `run`, within a time limit of the part's own.
    mutating func add(
        run: @escaping @Sendable () async -> Void = {},
        stop: @escaping @Sendable () async -> Void
    ) {
        services.append(Service(run: run, stop: stop))
    }

    /// Starts all parts, and stops them once `end` returns.
    func run(until end: () async -> Void) async {
        // Stopped and awaited below.
        let running = services.map { service in (service, Task { await service.run() }) }
        await end()
        for (service, task) in running.reversed() {
            if let stop = service.stop { await stop() } else { task.cancel() }
            await task.value
        }
    }
}
