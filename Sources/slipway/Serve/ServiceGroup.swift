/// The long-running parts of the program: started in order, and stopped in the opposite order.
///
/// A part is stopped once everything that was added after it has stopped, so it may rely on what was
/// added before it for as long as it runs.
struct ServiceGroup: Sendable {
    private struct Service: Sendable {
        let start: @Sendable () async throws -> Void
        let run: @Sendable () async -> Void
        let stop: (@Sendable () async -> Void)?
    }

    private var services: [Service] = []

    /// Adds a part that runs until its task is cancelled.
    mutating func add(_ run: @escaping @Sendable () async -> Void) {
        services.append(Service(start: {}, run: run, stop: nil))
    }

    /// Adds a part that is told to stop.
    ///
    /// - Parameters:
    ///   - start: is waited for before the next part is started.
    ///   - run: what it does after that; without it the part runs by itself.
    ///   - stop: ends `run`, within a time limit of the part's own.
    mutating func add(
        start: @escaping @Sendable () async throws -> Void = {},
        run: @escaping @Sendable () async -> Void = {},
        stop: @escaping @Sendable () async -> Void = {}
    ) {
        services.append(Service(start: start, run: run, stop: stop))
    }

    /// Starts all parts, and stops them once `end` returns, or if one of them cannot be started.
    func run(until end: () async -> Void) async throws {
        // Stopped and awaited below.
        var running: [(Service, Task<Void, Never>)] = []
        var failure: (any Error)?
        do {
            for service in services {
                try await service.start()
                running.append((service, Task { await service.run() }))
            }
            await end()
        } catch {
            failure = error
        }
        for (service, task) in running.reversed() {
            if let stop = service.stop { await stop() } else { task.cancel() }
            await task.value
        }
        if let failure { throw failure }
    }
}
