public import Deployments
internal import HTTP

/// A client's view of a server: sends requests and receives answers and streams.
///
/// Every request has a connection of its own.
public struct ServerConnection: Sendable {
    /// The server's address.
    public let address: ServerAddress
    private let token: String?

    /// A server to which there is no connection yet. If there is a token, it is sent with every request.
    public init(address: ServerAddress, token: String? = nil) {
        self.address = address
        self.token = token
    }

    /// Whether a text can be sent as a token (RFC 6750 section 2.1).
    public static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    private static let answerTime = Duration.seconds(60)
    /// The time of three heartbeats.
    private static let streamSilence = Duration.seconds(45)
    /// A server reads an archive to its end before it answers.
    private static let uploadSilence = Duration.seconds(600)
    private static let answerLimit = 64 << 20

    /// Sends a request and returns the answer's content.
    ///
    /// - Parameter path: the path with encoded segments.
    @concurrent
    public func request(
        _ method: String,
        _ path: String,
        query: [(String, String)] = [],
        body: JSONValue? = nil,
        idempotencyKey: String? = nil
    ) async throws(ClientError) -> [UInt8] {
        var request = OutgoingRequest(method, path, query: query, silence: Self.answerTime)
        if let body { request.body = Array(body.text.utf8) }
        request.fields.append(("Accept", "application/json"))
        if let idempotencyKey { request.fields.append(("Idempotency-Key", idempotencyKey)) }
        let exchange = try await begin(request)
        return try await exchange.content(limit: Self.answerLimit)
    }

    /// Sends a request and returns the JSON of its answer.
    @concurrent
    public func json(
        _ method: String,
        _ path: String,
        query: [(String, String)] = [],
        body: JSONValue? = nil,
        idempotencyKey: String? = nil
    ) async throws(ClientError) -> JSONValue {
        let content = try await request(
            method,
            path,
            query: query,
            body: body,
            idempotencyKey: idempotencyKey
        )
        do throws(JSONSyntaxError) {
            return try JSONValue(parsing: content)
        } catch {
            throw .notUnderstood(
                "the answer is not JSON (\(error.reason)); is this a Slipway server?"
            )
        }
    }

    /// Sends a file and returns the JSON of the answer.
    ///
    /// - Parameters:
    ///   - path: the path of the request, with encoded segments.
    ///   - file: the absolute path of the file.
    ///   - size: the size of the file in bytes.
    ///   - progress: called with the number of bytes sent so far, from any thread.
    @concurrent
    public func send(
        file: String,
        size: Int64,
        to path: String,
        progress: @escaping @Sendable (Int64) -> Void
    ) async throws(ClientError) -> JSONValue {
        var request = OutgoingRequest("POST", path, silence: Self.uploadSilence)
        request.file = OutgoingFile(path: file, size: size, progress: progress)
        request.fields.append(("Accept", "application/json"))
        let content = try await begin(request).content(limit: Self.answerLimit)
        guard let json = try? JSONValue(parsing: content) else {
            throw .notUnderstood("the answer is not JSON; is this a Slipway server?")
        }
        return json
    }

    /// Opens an event stream; if there is a last event id, the stream begins after that event.
    @concurrent
    public func events(
        _ path: String,
        query: [(String, String)] = [],
        lastEventID: Int64? = nil
    ) async throws(ClientError) -> EventStream {
        var request = OutgoingRequest("GET", path, query: query, silence: Self.streamSilence)
        request.fields.append(("Accept", "text/event-stream"))
        if let lastEventID { request.fields.append(("Last-Event-ID", String(lastEventID))) }
        let exchange = try await begin(request)
        guard
            exchange.head.fields["Content-Type"]?.lowercased().hasPrefix("text/event-stream")
                == true
        else {
            await exchange.close()
            throw .notUnderstood("the answer is not an event stream; is this a Slipway server?")
        }
        return EventStream(exchange)
    }

    /// Requests a content of any length and passes it on in pieces as it arrives.
    @concurrent
    public func content(
        _ path: String,
        query: [(String, String)] = [],
        silence: Duration,
        piece: @Sendable ([UInt8]) async -> Void
    ) async throws(ClientError) {
        var request = OutgoingRequest("GET", path, query: query, silence: silence)
        request.fields.append(("Accept", "text/plain"))
        let exchange = try await begin(request)
        while let bytes = try await exchange.next() { await piece(bytes) }
    }

    /// Sends a request and returns the answer, whatever its status, with the times at which it arrived.
    ///
    /// - Parameter limit: the maximum number of bytes of content.
    @concurrent
    public func answer(
        _ path: String,
        silence: Duration,
        limit: Int
    ) async throws(ClientError) -> TimedResponse {
        let exchange = try await send(OutgoingRequest("GET", path, silence: silence))
        let start = ContinuousClock.now
        var pieces: [TimedResponse.Piece] = []
        var count = 0
        while let bytes = try await exchange.next() {
            pieces.append(TimedResponse.Piece(time: ContinuousClock.now - start, bytes: bytes))
            count += bytes.count
            guard count <= limit else {
                await exchange.close()
                throw .notUnderstood("the answer is longer than \(limit) bytes")
            }
        }
        return TimedResponse(
            status: exchange.head.status,
            contentType: exchange.head.fields["Content-Type"],
            location: exchange.head.fields["Location"].map(Problem.oneLine),
            pieces: pieces
        )
    }

    private func send(_ request: OutgoingRequest) async throws(ClientError) -> Exchange {
        var request = request
        if let token { request.fields.append(("Authorization", "Bearer \(token)")) }
        return try await Exchange.begin(request, to: address)
    }

    private func begin(_ request: OutgoingRequest) async throws(ClientError) -> Exchange {
        let exchange = try await send(request)
        let status = exchange.head.status
        guard !(200...299).contains(status) else { return exchange }
        guard status >= 400 else {
            await exchange.close()
            let place = exchange.head.fields["Location"].map { " to \(Problem.oneLine($0))" } ?? ""
            throw .notUnderstood("the answer is \(status)\(place); give the server's own address")
        }
        let body = try await exchange.content(limit: 1 << 20)
        let retryAfter = exchange.head.fields["Retry-After"]
        throw .refused(Problem(status: status, retryAfter: retryAfter, body: body))
    }
}
