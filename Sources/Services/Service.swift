/// A long-running part of a program.
public struct Service: Sendable {
    /// The name by which messages call it.
    public let name: String
    let start: (@Sendable () async throws -> Void)?
    let run: (@Sendable () async -> Void)?
    let stop: (@Sendable () async -> Void)?
    let stopLimit: Duration

    /// - Parameters:
    ///   - name: the name by which messages call it.
    ///   - stopLimit: the time that its end may take.
    ///   - start: must have returned before the next service is started.
    ///   - run: its work, which ends when the service is stopped; nil if it works by itself.
    ///   - stop: makes `run` return; nil if the cancellation of its task does.
    public init(
        _ name: String,
        stopLimit: Duration = .seconds(10),
        start: (@Sendable () async throws -> Void)? = nil,
        run: (@Sendable () async -> Void)? = nil,
        stop: (@Sendable () async -> Void)? = nil
    ) {
        self.name = name
        self.stopLimit = stopLimit
        self.start = start
        self.run = run
        self.stop = stop
    }
}
