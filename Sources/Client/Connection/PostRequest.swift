internal import HTTP
public import Sockets

/// A POST of JSON to a URL, and what comes of it.
///
/// No proxy is used and no redirect followed, so that the connection goes to an address that was
/// looked at, and to no other.
public struct PostRequest: Sendable {
    /// Where it goes.
    public var url: WebURL
    /// The header fields beside those that every request has.
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
        /// What the field `Retry-After` says.
        public let retryAfter: String?

        /// An answer.
        public init(status: Int, retryAfter: String? = nil) {
            self.status = status
            self.retryAfter = retryAfter
        }
    }

    /// How many of a host's addresses are tried.
    private static let mostAddresses = 4
    /// For how long and how far an answer's content is taken, which nobody reads.
    private static let contentTime = Duration.seconds(1)
    private static let contentLimit = 64 << 10

    /// Sends it and waits for the answer's head, for so long in all.
    ///
    /// - Parameter refusal: why an address must not be connected to; nil if it may.
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
                    // Whoever may have had it must not get it twice.
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
        // To close at once would make some servers complain of a lost connection.
        _ = await within(Self.contentTime) {
            _ = try? await exchange.content(limit: Self.contentLimit)
        }
        await exchange.close()
        return Answer(status: head.status, retryAfter: head.fields["Retry-After"])
    }
}

extension ServerAddress {
    /// The server of a URL, at that address of its host.
    fileprivate init(_ url: WebURL, at address: IPAddress) {
        self.init(
            route: url.isSecure
                ? .tls(origin: url.origin) : .tcp(host: "\(address)", port: url.port),
            authority: url.authority,
            description: url.origin
        )
    }
}
