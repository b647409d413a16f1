public import Engine

/// Asks whether the engine answers.
public struct EnginePing: Sendable {
    private let engine: any Engine

    /// A ping of an engine.
    public init(engine: any Engine) {
        self.engine = engine
    }

    /// Why the engine does not answer within `limit`, as a sentence; nil if it answers.
    public func trouble(limit: Duration) async -> String? {
        do {
            _ = try await engine.version(within: limit)
            return nil
        } catch {
            return error.message
        }
    }
}
