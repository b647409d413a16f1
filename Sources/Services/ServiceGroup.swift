import Synchronization
import Threads

/// The services of a program. They are started in the order in which they were added, and stopped in the
/// opposite order.
///
/// A service is stopped after all services that were added later, so it may rely on the earlier ones for
/// as long as it runs.
public struct ServiceGroup: Sendable {
    private var services: [Service] = []
    private let note: @Sendable (String) -> Void

    /// - Parameter note: is given sentences for the log.
    public init(note: @escaping @Sendable (String) -> Void) {
        self.note = note
    }

    /// Adds a service behind those that are there.
    public mutating func add(_ service: Service) {
        services.append(service)
    }

    /// Starts all services, and stops them once `end` returns, or if one of them cannot be started.
    ///
    /// A service that has not stopped within its limit is left behind.
    ///
    /// - Throws: what the start of a service has thrown.
    public func run(until end: () async -> Void) async throws {
        let isStopping = Flag()
        // Stopped and awaited below.
        var running: [(Service, Task<Void, Never>)] = []
        var failure: (any Error)?
        do {
            for service in services {
                try await service.start?()
                running.append((service, begin(service, unless: isStopping)))
            }
            await end()
        } catch {
            failure = error
        }
        isStopping.isSet.store(true, ordering: .relaxed)
        for (service, task) in running.reversed() {
            let hasStopped = await Self.returns(within: service.stopLimit) {
                if let stop = service.stop { await stop() } else { task.cancel() }
                await task.value
            }
            if !hasStopped {
                note(
                    "\(service.name) has not stopped within \(service.stopLimit.components.seconds) s"
                )
            }
        }
        if let failure { throw failure }
    }

    /// The service's work, in a task of its own. All of it is awaited in `run`.
    private func begin(_ service: Service, unless isStopping: Flag) -> Task<Void, Never> {
        Task {
            guard let run = service.run else { return }
            await run()
            if !isStopping.isSet.load(ordering: .relaxed) {
                note("\(service.name) has ended by itself; restart the server to have it again")
            }
        }
    }

    /// Whether `body` returns in time. Otherwise its task is left behind.
    private static func returns(
        within limit: Duration,
        _ body: @escaping @Sendable () async -> Void
    ) async -> Bool {
        let (ends, end) = AsyncStream.makeStream(of: Bool.self)
        Task {
            await body()
            end.yield(true)
        }
        let alarm = Alarm(after: limit) { end.yield(false) }
        defer { alarm.cancel() }
        return await ends.first { _ in true } ?? false
    }
}

private final class Flag: Sendable {
    let isSet = Atomic(false)
}
