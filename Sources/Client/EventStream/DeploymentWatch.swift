public import Deployments
internal import Sockets
internal import Threads

/// Follows one deployment to its final event, over any number of connections.
public struct DeploymentWatch: Sendable {
    private let server: ServerConnection
    private let id: DeploymentID
    private let pacing: RetryPacing

    /// A watch that has seen no event yet.
    public init(of id: DeploymentID, on server: ServerConnection) {
        self.init(of: id, on: server, pacing: RetryPacing())
    }

    init(of id: DeploymentID, on server: ServerConnection, pacing: RetryPacing) {
        self.id = id
        self.server = server
        self.pacing = pacing
    }

    /// What a watch reports.
    public enum News: Sendable {
        /// The next event. Each event is reported once and in order, even if the connection breaks.
        case event(WatchedEvent)
        /// The connection is lost; the next attempt comes after the pause.
        case lost(ClientError, pause: Duration, attempt: Int)
        /// There is a connection again.
        case back
    }

    /// Reports every event from the first one on, and returns after the final one.
    ///
    /// If a stream ends without a final event, it is opened again after the last event. Errors that another
    /// attempt cannot mend are thrown; errors that may pass (`mayPass`) are thrown only if there never was
    /// a connection and `isKnown` is false.
    ///
    /// It runs on the event loop, which must have been started, so that an event needs no change of
    /// threads.
    @EventLoop
    public func run(
        isKnown: Bool = false,
        _ tell: @EventLoop @Sendable (News) async -> Void
    ) async throws(ClientError) {
        try await EventLoop.preferred { () async throws(ClientError) in
            try await follow(isKnown: isKnown, tell)
        }
    }

    @EventLoop
    private func follow(
        isKnown: Bool,
        _ tell: @EventLoop @Sendable (News) async -> Void
    ) async throws(ClientError) {
        var last: Int64 = 0
        var hasBegun = isKnown
        var attempt = 0
        while true {
            let failure: ClientError
            do throws(ClientError) {
                let stream = try await server.events(
                    "/api/deployments/\(id)/stream",
                    lastEventID: last > 0 ? last : nil
                )
                if attempt > 0 { await tell(.back) }
                hasBegun = true
                while let blocks = try await stream.next() {
                    for block in blocks {
                        guard let watched = WatchedEvent(block) else {
                            throw .notUnderstood(
                                "the stream has data that is not an event: \(block.data.prefix(200))"
                            )
                        }
                        guard watched.id > last else { continue }
                        last = watched.id
                        attempt = 0
                        await tell(.event(watched))
                        if watched.event.stage.isFinal {
                            stream.close()
                            return
                        }
                    }
                }
                failure = .lost("the stream ended before the deployment did")
            } catch {
                guard hasBegun, error.mayPass, !Task.isCancelled else { throw error }
                failure = error
            }
            attempt += 1
            let pause = pacing.pause(attempt, after: failure)
            await tell(.lost(failure, pause: pause, attempt: attempt))
            do {
                try await Task.pause(for: pause)
            } catch {
                throw failure
            }
        }
    }
}

/// An event as it was in the stream.
public struct WatchedEvent: Sendable, Equatable {
    /// The event's number in the journal.
    public let id: Int64
    /// The event's JSON as it was sent.
    public let text: String
    /// The event read from the JSON.
    public let event: Event

    /// Reads the block; nil if it is not an event of a deployment.
    init?(_ block: ServerSentEvent) {
        guard let id = Int64(block.id), id > 0,
            let json = try? JSONValue(parsing: Array(block.data.utf8)),
            let event = Event(json: json)
        else { return nil }
        self.id = id
        // JSON may contain line breaks between members, but an event must be printed on one line.
        let isOneLine = !block.data.utf8.contains { $0 == 0x0A || $0 == 0x0D }
        text = isOneLine ? block.data : json.text
        self.event = event
    }

    /// The JSON with the id as its first member.
    public var textWithID: String { "{\"event_id\":\(id),\(text.dropFirst())" }
}
