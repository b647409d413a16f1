public import Engine

/// Asks whether the engine answers.
public struct EnginePing: Sendable {
    private let engine: any Engine

    /// A probe of an engine.
    public init(engine: any Engine) {
        self.engine = engine
    }

    /// A sentence that says why the engine does not answer within `limit`; nil if it does.
    public func trouble(limit: Duration) async -> String? {
        do {
            _ = try await engine.version(within: limit)
            return nil
        } catch {
            return error.message
        }
    }
}
