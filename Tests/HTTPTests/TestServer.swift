import Dispatch
import Foundation
import HTTP

/// A server on a free port of the loopback, and its end.
func withServer<Value>(
    limits: ServerLimits = .patient,
    _ handler: @escaping Handler,
    _ body: (ListenAddress, Server) async throws -> Value
) async throws -> Value {
    let server = Server(limits: limits)
    let address = try server.bind(.tcp(host: "127.0.0.1", port: 0))
    try server.serve(handler: handler)
    do {
        let value = try await body(address, server)
        await server.stop(comment: "the test is over")
        return value
    } catch {
        await server.stop(comment: "the test has failed")
        throw error
    }
}

extension ServerLimits {
    /// Limits that a busy machine does not reach by being busy.
    static var patient: ServerLimits {
        var limits = ServerLimits()
        limits.headerTimeout = .seconds(60)
        limits.bodyTimeout = .seconds(120)
        limits.halfCloseGrace = .seconds(60)
        limits.heartbeat = .seconds(600)
        limits.stopTimeout = .seconds(30)
        return limits
    }
}

/// An answer of text.
func text(_ text: String, status: Int = 200) -> Response {
    Response(
        status: status,
        headers: ["Content-Type": "text/plain"],
        body: .bytes(Array(text.utf8))
    )
}

/// The routes that most tests need.
func echoRouter() -> Router<Void> {
    var router = Router<Void>()
    router.on(.get, "/") { @Sendable _ in text("root") }
    router.on(.get, "/echo/{word}") { @Sendable request in
        text(request.pathParameters["word"] ?? "")
    }
    router.on(.post, "/echo") { @Sendable request in
        Response(status: 200, body: .bytes(request.body))
    }
    return router
}

/// Returns when the task is cancelled, and never before.
func untilCancelled() async {
    let (nothing, source) = AsyncStream.makeStream(of: Void.self)
    for await _ in nothing {}
    source.finish()
}

/// A signal that is given once and can be awaited under a deadline.
final class Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func give() {
        continuation.yield()
        continuation.finish()
    }

    /// Whether the signal was given before a minute had passed.
    func comes() async -> Bool {
        let deadline = DispatchWorkItem { [continuation] in continuation.finish() }
        DispatchQueue.global().asyncAfter(deadline: .now() + 60, execute: deadline)
        defer { deadline.cancel() }
        for await _ in stream { return true }
        return false
    }
}

/// Waits, for five minutes at most, until the condition holds.
func eventually(_ condition: () async -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + .seconds(300)
    while ContinuousClock.now < deadline {
        if await condition() { return true }
        // Leaves the machine to what is waited for. Only a task that is cancelled throws.
        try? await Task.sleep(for: .milliseconds(1))
    }
    return false
}
