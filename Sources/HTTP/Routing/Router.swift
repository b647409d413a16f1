/// Finds the handler for a path and a method.
///
/// Handlers receive the request and a context, which the caller of `respond` provides.
public struct Router<Context: Sendable>: Sendable {
    /// Answers a request in its context.
    public typealias Answer = @Sendable (Request, Context) async -> Response

    private enum Part: Sendable, Hashable {
        case literal(String)
        case parameter(String)

        var isLiteral: Bool { if case .literal = self { true } else { false } }
    }

    private struct Entry: Sendable {
        let method: Method
        let content: ContentLimit
        let answer: Answer
    }

    private struct Route: Sendable {
        let parts: [Part]
        var handlers: [Entry]
    }

    private var routes: [Route] = []

    /// Creates a router that answers 404 to everything.
    public init() {}

    /// Registers the handler of a method and a pattern of literal segments and `{name}`, as in
    /// `/api/deployments/{id}/stream`. If two patterns match a path, the one with the earlier
    /// literal segment is used. A content that exceeds the limit `content` is refused while it
    /// comes.
    public mutating func on(
        _ method: Method,
        _ pattern: String,
        content: ContentLimit = .usual,
        _ answer: @escaping Answer
    ) {
        var parts: [Part] = []
        if pattern != "/" {
            for segment in pattern.dropFirst().split(
                separator: "/",
                omittingEmptySubsequences: false
            ) {
                let isParameter = segment.hasPrefix("{") && segment.hasSuffix("}")
                parts.append(
                    isParameter
                        ? .parameter(String(segment.dropFirst().dropLast()))
                        : .literal(String(segment))
                )
            }
        }
        let entry = Entry(method: method, content: content, answer: answer)
        if let index = routes.firstIndex(where: { $0.parts == parts }) {
            routes[index].handlers.removeAll { $0.method == method }
            routes[index].handlers.append(entry)
        } else {
            routes.append(Route(parts: parts, handlers: [entry]))
        }
    }

    /// The limit of a request's content, for `ServerLimits.content`.
    public func content(_ method: Method, _ segments: [String]) -> ContentLimit {
        routes.lazy.filter { Self.matches($0.parts, segments) }
            .compactMap { $0.handlers.first { $0.method == method }?.content }
            .max { $0.bytes < $1.bytes } ?? .usual
    }

    /// Every method with its pattern, in the order in which the patterns were added.
    public var table: [(method: Method, pattern: String)] {
        routes.flatMap { route in
            let parts = route.parts.map { part in
                switch part {
                case .literal(let text): "/\(text)"
                case .parameter(let name): "/{\(name)}"
                }
            }
            let pattern = parts.isEmpty ? "/" : parts.joined()
            return route.handlers.map { ($0.method, pattern) }
        }
    }

    /// Answers a request with its handler. The answer is 404 if no pattern matches the path, and
    /// 405 if the method has no handler. HEAD is answered by GET's handler, and OPTIONS with the
    /// allowed methods.
    public func respond(to request: Request, in context: Context) async -> Response {
        if request.path == "*" {
            return Response(status: 204, headers: ["Allow": allow(routes)])
        }
        let matching = routes.filter { Self.matches($0.parts, request.pathSegments) }
        guard !matching.isEmpty else {
            return .problem(
                status: 404,
                detail: "There is nothing at \(Self.excerpt(request.path))."
            )
        }
        // The patterns that match a path may differ in their parameters, and each of them may have
        // the method.
        var ordered = matching.sorted { Self.isCloser($0.parts, $1.parts) }
        // A path that equals a pattern is never the value of another pattern's parameter.
        if let first = ordered.first, first.parts.allSatisfy(\.isLiteral) { ordered = [first] }
        for method in request.method == .head ? [.head, .get] : [request.method] {
            for route in ordered {
                guard let entry = route.handlers.first(where: { $0.method == method }) else {
                    continue
                }
                var request = request
                request.pathParameters = Self.parameters(route.parts, request.pathSegments)
                return await entry.answer(request, context)
            }
        }
        let allowed = allow(ordered)
        if request.method == .options {
            return Response(status: 204, headers: ["Allow": allowed])
        }
        guard request.method.isKnown else {
            return .problem(status: 501, detail: "The method \(request.method) is not known.")
        }
        return .problem(
            status: 405,
            detail: "\(Self.excerpt(request.path)) does not allow \(request.method).",
            headers: ["Allow": allowed]
        )
    }

    /// The path in the form in which an answer repeats it. It is ASCII.
    private static func excerpt(_ path: String) -> String {
        path.utf8.count <= 80 ? path : "\(path.prefix(80))…"
    }

    private func allow(_ routes: [Route]) -> String {
        var names = Set(routes.flatMap { $0.handlers.map(\.method.rawValue) })
        names.insert("OPTIONS")
        if names.contains("GET") { names.insert("HEAD") }
        return names.sorted().joined(separator: ", ")
    }

    private static func matches(_ parts: [Part], _ segments: [String]) -> Bool {
        parts.count == segments.count
            && zip(parts, segments).allSatisfy { part, segment in
                switch part {
                case .literal(let text): text == segment
                case .parameter: !segment.isEmpty
                }
            }
    }

    private static func isCloser(_ left: [Part], _ right: [Part]) -> Bool {
        for (left, right) in zip(left, right) {
            switch (left, right) {
            case (.literal, .parameter): return true
            case (.parameter, .literal): return false
            default: continue
            }
        }
        return false
    }

    private static func parameters(_ parts: [Part], _ segments: [String]) -> [String: String] {
        var values: [String: String] = [:]
        for (part, segment) in zip(parts, segments) {
            if case .parameter(let name) = part { values[name] = segment }
        }
        return values
    }
}

extension Router<Void> {
    /// Registers the handler of a method and a pattern.
    public mutating func on(
        _ method: Method,
        _ pattern: String,
        content: ContentLimit = .usual,
        _ handler: @escaping Handler
    ) {
        on(method, pattern, content: content) { request, _ in await handler(request) }
    }

    /// Answers a request with its handler.
    public func respond(to request: Request) async -> Response {
        await respond(to: request, in: ())
    }
}
