import Deployments
public import HTTP
import Synchronization

/// Decides who may use the server, by its tokens and by the sessions that pages have opened with
/// them.
public final class AccessControl: Sendable {
    /// The cookie that carries a session.
    static let cookie = "slipway_session"
    /// A session ends if it is not used for this long and has no open stream.
    private static let sessionLifetime = Duration.seconds(7 * 24 * 3600)
    /// If one more session is opened, the one that has not been used for the longest time ends.
    private static let sessionsPerToken = 100

    private struct Session {
        let token: [UInt8]
        var streams = StreamGroup()
        var lastUsed: ContinuousClock.Instant
    }

    private struct State {
        /// Each token with the streams that were opened with the token itself.
        var tokens: [(token: Token, streams: StreamGroup)]
        /// The sessions by the hash of the cookie's value.
        var sessions: [[UInt8]: Session] = [:]
    }

    /// Whether everybody may do everything.
    let isOpen: Bool
    private let everybody = Caller(
        name: nil,
        role: .admin,
        accessScope: AccessScope(tenant: AccessScope.standardTenant),
        streams: StreamGroup()
    )
    private let state: Mutex<State>
    private let end: @Sendable (StreamGroup) -> Void

    /// Admits callers with one of the tokens, or everybody if `tokens` is nil.
    ///
    /// - Parameter end: ends the streams of callers that have lost their right to them.
    public init(tokens: [Token]?, end: @escaping @Sendable (StreamGroup) -> Void) {
        isOpen = tokens == nil
        state = Mutex(State(tokens: (tokens ?? []).map { ($0, StreamGroup()) }))
        self.end = end
    }

    /// Admits callers with one of these tokens from now on. Streams end if their token, or the
    /// token of their session, is gone or has other rights than before.
    public func replace(with tokens: [Token]) {
        let ended = state.withLock { state in
            let before = state.tokens
            state.tokens = tokens.map { token in
                before.first { $0.token == token } ?? (token, StreamGroup())
            }
            var ended = before.filter { !tokens.contains($0.token) }.map(\.streams)
            for (key, session) in state.sessions {
                let token = before.first { $0.token.hash == session.token }?.token
                if let token, tokens.contains(token) { continue }
                ended.append(session.streams)
                let isLeft = tokens.contains { $0.hash == session.token }
                state.sessions[key] = isLeft ? session : nil
                state.sessions[key]?.streams = StreamGroup()
            }
            return ended
        }
        ended.forEach(end)
    }

    /// Finds out who makes the request.
    func identify(_ request: Request) -> Identity {
        if isOpen { return .caller(everybody) }
        if let field = request.headers["Authorization"] {
            let parts = field.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "bearer" else { return .refused }
            let text = parts[1].trimmingBlanks
            return bearer(of: text).map { .caller($0) } ?? .refused
        }
        guard let key = Self.session(of: request) else { return .anonymous }
        return holder(of: key).map { .caller($0) } ?? .refused
    }

    /// The number of streams that a tenant has open.
    func streamCount(of tenant: String) -> Int {
        if isOpen { return everybody.streams.count }
        return state.withLock { state in
            let own = state.tokens.filter { $0.token.accessScope.tenant == tenant }
            let hashes = Set(own.map(\.token.hash))
            return own.reduce(0) { $0 + $1.streams.count }
                + state.sessions.values.filter { hashes.contains($0.token) }
                .reduce(0) { $0 + $1.streams.count }
        }
    }

    // MARK: Tokens

    /// The caller with the token of that text.
    private func bearer(of text: some StringProtocol) -> Caller? {
        let hash = SHA256.hash(Array(text.utf8))
        return state.withLock { state in
            find(hash, in: state).map { Self.caller($0.token, $0.streams) }
        }
    }

    /// Compares all tokens, so that the time does not reveal anything.
    private func find(_ hash: [UInt8], in state: State) -> (token: Token, streams: StreamGroup)? {
        state.tokens.filter { $0.token.matches(hash) }.first
    }

    private static func caller(_ token: Token, _ streams: StreamGroup) -> Caller {
        Caller(name: token.name, role: token.role, accessScope: token.accessScope, streams: streams)
    }

    // MARK: Sessions

    /// Opens a session for the holder of a token and returns the value of its cookie; nil if the
    /// text is not a token.
    func openSession(token text: String) -> String? {
        let hash = SHA256.hash(Array(text.utf8))
        var generator = SystemRandomNumberGenerator()
        let secret = (0..<4).map { _ in
            let digits = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
        let opened = state.withLock { state -> [StreamGroup]? in
            guard find(hash, in: state) != nil else { return nil }
            let ended = Self.prune(&state, for: hash)
            state.sessions[Self.key(secret)] = Session(token: hash, lastUsed: .now)
            return ended
        }
        guard let opened else { return nil }
        opened.forEach(end)
        return secret
    }

    /// Ends the session of the request together with its streams.
    func endSession(of request: Request) {
        guard let key = Self.session(of: request) else { return }
        let session = state.withLock { $0.sessions.removeValue(forKey: key) }
        if let session { end(session.streams) }
    }

    private func holder(of key: [UInt8]) -> Caller? {
        state.withLock { state in
            guard let session = state.sessions[key],
                let (token, _) = find(session.token, in: state)
            else { return nil }
            guard !Self.isOver(session) else {
                state.sessions[key] = nil
                return nil
            }
            state.sessions[key]?.lastUsed = .now
            return Self.caller(token, session.streams)
        }
    }

    private static func isOver(_ session: Session) -> Bool {
        session.streams.count == 0 && session.lastUsed.duration(to: .now) > sessionLifetime
    }

    /// Makes room for one more session of a token; returns the streams that must be ended.
    private static func prune(_ state: inout State, for token: [UInt8]) -> [StreamGroup] {
        state.sessions = state.sessions.filter { !isOver($0.value) }
        let own = state.sessions.filter { $0.value.token == token }
            .sorted { $0.value.lastUsed < $1.value.lastUsed }
        return own.prefix(max(0, own.count - sessionsPerToken + 1)).map { key, session in
            state.sessions[key] = nil
            return session.streams
        }
    }

    /// The key of the session in the request's cookies (RFC 6265 section 4.2).
    private static func session(of request: Request) -> [UInt8]? {
        // Several Cookie lines have been joined with commas.
        for pair in (request.headers["Cookie"] ?? "").split(whereSeparator: {
            $0 == ";" || $0 == ","
        }) {
            let parts = pair.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0].trimmingBlanks == cookie else { continue }
            return key(parts[1].trimmingBlanks)
        }
        return nil
    }

    private static func key(_ secret: some StringProtocol) -> [UInt8] {
        SHA256.hash(Array(secret.utf8))
    }
}
