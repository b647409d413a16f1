internal import HTTP
public import Sockets

/// A POST of JSON to a URL, and its outcome.
///
/// It uses no proxy and follows no redirect, so that it connects only to addresses that were checked.
public struct PostRequest: Sendable {
    /// The URL to which it goes.
    public var url: WebURL
    /// The header fields besides those of every request.
    public var fields: [(name: String, value: String)]
    /// The content.
    public var body: [UInt8]

    /// A request that is not sent yet.
    public init(url: WebURL, fields: [(name: String, value: String)], body: [UInt8]) {
        self.url = url
        self.fields = fields
        self.body = body
    }

    /// The head of an answer.
    public struct Answer: Sendable, Equatable {
        /// The status.
        public let status: Int
        /// The value of the field `Retry-After`.
        public let retryAfter: String?

        /// An answer.
        public init(status: Int, retryAfter: String? = nil) {
            self.status = status
            self.retryAfter = retryAfter
        }
    }

    /// The number of a host's addresses that are tried.
    private static let mostAddresses = 4
    /// The maximum time, and below the maximum bytes, for which an answer's content is read and dropped.
    private static let contentTime = Duration.seconds(1)
    private static let contentLimit = 64 << 10

    /// Sends the request and waits for the answer's head, all of it within `time`.
    ///
    /// - Parameter refusal: returns why an address must not be connected to; nil if it may.
    @concurrent
    public func send(
        within time: Duration,
        refusal: @escaping @Sendable (IPAddress) -> String?
    ) async throws(ClientError) -> Answer {
        let result = await within(time) { await attempt(time, refusal) }
        guard let result else {
            throw .lost("no answer within \(time.components.seconds) s")
        }
        return try result.get()
    }

    private func attempt(
        _ time: Duration,
        _ refusal: @Sendable (IPAddress) -> String?
    ) async -> Result<Answer, ClientError> {
        var failure = ClientError.unreachable("\(url.host) has no address")
        do throws(ClientError) {
            let addresses = try await Connector.addresses(of: url.host)
            for address in addresses.prefix(Self.mostAddresses) {
                if let reason = refusal(address) {
                    failure = .unreachable(reason)
                    continue
                }
                do throws(ClientError) {
                    return .success(try await post(to: address, time))
                } catch {
                    failure = error
                    // An address that may have received the request is the last one tried, so that nobody
                    // gets it twice.
                    guard case .unreachable = error else { break }
                }
            }
        } catch {
            failure = error
        }
        return .failure(failure)
    }

    private func post(
        to address: IPAddress,
        _ time: Duration
    ) async throws(ClientError) -> Answer {
        var request = OutgoingRequest("POST", url.target, silence: time)
        request.fields = fields
        request.body = body
        request.destination = "\(address.isVersion6 ? "[\(address)]" : "\(address)"):\(url.port)"
        let exchange = try await Exchange.begin(request, to: ServerAddress(url, at: address))
        let head = exchange.head
        // If the connection were closed at once, some servers would log a lost connection.
        _ = await within(Self.contentTime) {
            _ = try? await exchange.content(limit: Self.contentLimit)
        }
        await exchange.close()
        return Answer(status: head.status, retryAfter: head.fields["Retry-After"])
    }
}

extension ServerAddress {
    /// The server of a URL at one of its host's addresses.
    fileprivate init(_ url: WebURL, at address: IPAddress) {
        self.init(
            route: url.isSecure
                ? .tls(origin: url.origin) : .tcp(host: "\(address)", port: url.port),
            authority: url.authority,
            description: url.origin
        )
    }
}
