internal import Client
internal import Deployments

/// The address at which others reach the server, such as a proxy's, and what happens to streams there.
struct AddressFacts: Sendable {
    /// The address as it was given.
    var url: String
    var outcome: Outcome

    /// The result of asking for `/api/stream-test`.
    enum Outcome: Sendable {
        case answered(TimedResponse)
        case failed(ClientError)
    }

    /// How many ticks there are. They come 200 ms apart, so the last one comes 800 ms after the first.
    private static let ticks = 5
    /// How much of these 800 ms remains at least if the network is slow but nothing is held back.
    private static let leastSpread = Duration.milliseconds(500)

    /// The findings about the address and about the stream.
    var findings: [Finding] {
        switch outcome {
        case .failed(let error): [failure(error)]
        case .answered(let answer) where answer.status == 200: [address, stream(answer)]
        case .answered(let answer): [refusal(answer)]
        }
    }

    private func failure(_ error: ClientError) -> Finding {
        .wrong(
            .url,
            Finding.sentence("\(url): \(error.description)"),
            url.hasPrefix("https://")
                ? "See that the name leads to the proxy, that it listens, and that its certificate is"
                    + " for the name, is not out of date, and is signed by somebody whom this machine"
                    + " trusts."
                : "See that the name leads to the server or the proxy, and that it listens."
        )
    }

    private func refusal(_ answer: TimedResponse) -> Finding {
        let detail = answer.problem?.detail
        switch answer.status {
        case 421:
            // The server's own message names the option.
            return .wrong(
                .url,
                "\(url): \(detail ?? "The server does not answer for that name.")",
                "Start the server with that option."
            )
        case 401, 403:
            return .warning(
                .url,
                "\(url) requires a token, so the stream was not tried.",
                "Give one in SLIPWAY_TOKEN or --token-file."
            )
        case 300...399:
            return .wrong(
                .url,
                "\(url) answers \(answer.status) and leads on"
                    + "\(answer.location.map { " to \($0)" } ?? "").",
                "Name that address."
            )
        case 502, 503, 504:
            return .wrong(
                .url,
                "\(url) answers \(answer.status): the proxy does not reach the server.",
                "See that the server runs, and that the proxy passes on to its address."
            )
        default:
            return .wrong(
                .url,
                "\(url) answers \(answer.status) to /api/stream-test.",
                "See that it leads to a Slipway, with the path that the proxy gives it."
            )
        }
    }

    private var address: Finding {
        if url.hasPrefix("https://") { return .ok(.url, "\(url), with a valid certificate.") }
        let host = url.drop { $0 != "/" }.dropFirst(2)
        let isNear =
            url.hasPrefix("unix:")
            || ["127.", "localhost", "[::1]"].contains { host.hasPrefix($0) }
        guard !isNear else { return .ok(.url, "\(url).") }
        return .warning(
            .url,
            "\(url) is not encrypted: whoever is on the way can read tokens.",
            "Let a proxy speak TLS."
        )
    }

    private func stream(_ answer: TimedResponse) -> Finding {
        let times = answer.events.map(\.time)
        guard answer.contentType?.lowercased().hasPrefix("text/event-stream") == true,
            times.count == Self.ticks, let first = times.first, let last = times.last
        else {
            return .wrong(
                .stream,
                "What \(url)/api/stream-test gives is no stream of \(Self.ticks) ticks.",
                "See that it leads to a Slipway."
            )
        }
        guard last - first < Self.leastSpread else {
            return .ok(.stream, "Events come one by one, \(Self.ticks) in \(words(last - first)).")
        }
        return .wrong(
            .stream,
            "Something on the way holds the stream back: \(Self.ticks) ticks of 800 ms came within"
                + " \(words(last - first)).",
            "Turn off its buffering: nginx proxy_buffering off, Caddy flush_interval -1."
        )
    }

    private func words(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        return "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000) ms"
    }

    /// Asks the server at this address.
    static func gather(_ url: String, _ connection: ServerConnection) async -> AddressFacts {
        do throws(ClientError) {
            let answer = try await connection.answer(
                "/api/stream-test",
                silence: .seconds(10),
                limit: 1 << 16
            )
            return AddressFacts(url: url, outcome: .answered(answer))
        } catch {
            return AddressFacts(url: url, outcome: .failed(error))
        }
    }
}
