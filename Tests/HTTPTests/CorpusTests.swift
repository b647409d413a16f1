import Foundation
import HTTP
import Testing

/// Requests of public parser test suites, where a copy of them lies beside the project.
struct CorpusCase: Decodable, CustomTestStringConvertible, Sendable {
    let id: String
    let name: String
    let raw: String
    let expect: String
    let level: String

    var testDescription: String { id }

    /// One character stands for one byte.
    var bytes: [UInt8] { raw.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }

    private struct File: Decodable {
        let cases: [CorpusCase]
    }

    static let all: [CorpusCase] = {
        let folder =
            ProcessInfo.processInfo.environment["SLIPWAY_CORPORA"].map { URL(filePath: $0) }
            ?? Fixture.root.deletingLastPathComponent().appending(path: "shared/corpora")
        let http = folder.appending(path: "http")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: http.path())) ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted().flatMap { name in
            (try? Data(contentsOf: http.appending(path: name)))
                .flatMap { try? JSONDecoder().decode(File.self, from: $0).cases } ?? []
        }
    }()
}

@Suite("Public request corpora")
struct CorpusTests {
    /// Cases that are answered otherwise on purpose, and why.
    static let deliberate: [(reason: String, ids: [String])] = [
        (
            "A target has no fragment (RFC 9112 section 3.2).",
            ["http_parser-req-03", "http_parser-req-07", "http_parser-req-20", "llhttp-uri-07"]
        ),
        ("A target is ASCII (RFC 3986 section 2).", ["pico-req-29"]),
        (
            "Userinfo in a target is an error (RFC 9110 section 4.2.4).",
            ["http_parser-req-21", "llhttp-uri-09"]
        ),
        (
            "The asterisk-form is for OPTIONS (RFC 9112 section 3.2.4).",
            ["http_parser-req-15", "llhttp-method-04"]
        ),
        ("There is no HTTP/0.9 any more.", ["http_parser-req-14", "llhttp-sample-09"]),
        (
            "Other protocols' versions are malformed (RFC 9112 section 2.3).",
            ["llhttp-method-11", "llhttp-method-12", "llhttp-method-13"]
        ),
        ("One blank separates the parts of a request line (RFC 9112 section 3).", ["pico-req-33"]),
        (
            "A folded line is refused (RFC 9112 section 5.2).",
            ["http_parser-req-16", "http_parser-req-24", "pico-req-04"]
        ),
        (
            "A line feed alone may end a line, and is safer refused (RFC 9112 section 2.2).",
            ["http_parser-req-22", "pico-chunked-11", "pico-chunked-12"]
        ),
        (
            "Codings other than chunked are answered 501 (RFC 9112 section 6.1).",
            ["http_parser-req-23", "llhttp-transfer-encoding-19", "llhttp-transfer-encoding-20"]
        ),
        (
            "Content-Length beside Transfer-Encoding is refused (RFC 9112 section 6.1).",
            ["http_parser-req-25"]
        ),
        (
            "HTTP/1.1 without Host is refused (RFC 9112 section 3.2), so there is no more to wait for.",
            [
                "llhttp-content-length-09", "llhttp-content-length-10", "llhttp-method-14",
                "llhttp-transfer-encoding-00", "llhttp-transfer-encoding-06",
                "llhttp-transfer-encoding-09",
            ]
        ),
        (
            "The head or the content is not whole; those suites count what was parsed so far.",
            [
                "http_parser-simple-08", "http_parser-simple-09", "llhttp-content-length-15",
                "pico-chunked-00", "pico-chunked-01", "pico-chunked-02", "pico-chunked-03",
                "pico-chunked-05",
            ]
        ),
        (
            "What follows the last request of a connection is not read (RFC 9112 section 9.6).",
            ["llhttp-connection-02"]
        ),
        (
            "ANNOUNCE is a method like any other; there is nothing at its path.",
            ["llhttp-invalid-03"]
        ),
        ("A chunk that is over the limit is refused at its size.", ["pico-chunked-14"]),
    ]

    @Test("Every MUST and SHOULD comes out as it says", .enabled(if: !CorpusCase.all.isEmpty))
    func casesComeOut() async throws {
        var router = Router<Void>()
        for method in [Method.get, .post, .put] {
            router.on(method, "/") { @Sendable _ in text("ok") }
        }
        let routes = router
        try await withServer({ await routes.respond(to: $0) }) { address, _ in
            for item in CorpusCase.all where item.level == "MUST" || item.level == "SHOULD" {
                let client = try TestClient(address)
                await client.send(item.bytes)
                // The end of the sending tells a request that is not whole from one that is.
                client.endSending()
                let answers = try await client.receiveAll()
                let isExpected = Self.isExpected(item, answers)
                if let reason = Self.deliberate.first(where: { $0.ids.contains(item.id) })?.reason {
                    #expect(!isExpected, "\(item.id) is as expected after all: \(reason)")
                } else {
                    #expect(
                        isExpected,
                        "\(item.id) \(item.expect) \(item.raw.debugDescription): \(answers)"
                    )
                }
            }
        }
    }

    private static func isExpected(_ item: CorpusCase, _ answers: String) -> Bool {
        let statuses = answers.components(separatedBy: "HTTP/1.1 ").dropFirst().compactMap {
            Int($0.prefix(3))
        }
        let status = statuses.first ?? 0
        let wasCut = answers.contains("The request ended before it was whole.")
        let isRefusal =
            !wasCut
            && statuses.contains { [400, 411, 413, 414, 417, 421, 431, 501, 505].contains($0) }
        switch item.expect {
        case "accept": return !wasCut && (200..<400 ~= status || [404, 405].contains(status))
        case "reject": return isRefusal
        case "incomplete": return wasCut && status == 400 || answers.isEmpty
        case "reject_or_unimpl": return isRefusal || status == 405
        default: return true
        }
    }
}
