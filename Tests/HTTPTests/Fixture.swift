import Foundation
import Testing

@testable import HTTP

/// A raw request from `fixtures/http`, and what its name says must come of it.
struct Fixture: CustomTestStringConvertible, Sendable {
    enum Expectation: Equatable {
        case accept
        case incomplete
        case reject(Int)
    }

    let name: String
    let bytes: [UInt8]
    let expectation: Expectation

    var testDescription: String { name }

    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static let all: [Fixture] = {
        let folder = root.appending(path: "fixtures/http")
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path())
        return (names ?? []).filter { $0.hasSuffix(".http") }.sorted().compactMap { name in
            let parts = name.dropLast(5).split(separator: "-")
            guard let data = try? Data(contentsOf: folder.appending(path: name)),
                let expectation = expectation(parts)
            else { return nil }
            return Fixture(
                name: String(name.dropLast(5)),
                bytes: Array(data),
                expectation: expectation
            )
        }
    }()

    private static func expectation(_ parts: [Substring]) -> Expectation? {
        switch parts.first {
        case "accept": .accept
        case "incomplete": .incomplete
        case "reject": parts.count > 1 ? Int(parts[1]).map(Expectation.reject) : nil
        default: nil
        }
    }
}

/// What a parser made of some pieces.
struct ParsedOutcome: Equatable {
    var requests: [ParsedRequest] = []
    var refusal: RequestError?
    var continues = 0
    var isBetweenRequests = true

    init(_ pieces: [ArraySlice<UInt8>], limits: ServerLimits = ServerLimits()) {
        var parser = RequestParser(limits: limits, peer: .unix)
        var head: ParsedRequest?
        feeding: for piece in pieces {
            let bytes = Array(piece)
            var offset = 0
            while true {
                switch parser.consume(bytes.span, from: &offset) {
                case .needMore:
                    head?.request.body += parser.takeContent()
                    continue feeding
                case .sendContinue: continues += 1
                case .head(let parsed):
                    head = parsed
                    if parsed.awaitsContinue { continues += 1 }
                    head?.awaitsContinue = false
                case .contentEnd(let rest):
                    guard var parsed = head.take() else { continue }
                    parsed.request.body += rest
                    requests.append(parsed)
                case .request(let parsed): requests.append(parsed)
                case .refuse(let error):
                    refusal = error
                    break feeding
                }
            }
        }
        isBetweenRequests = parser.isBetweenRequests
    }

    /// Whether two ways of cutting the same bytes gave the same; whether a client is told to go on
    /// depends on what has come already.
    func isSame(as other: ParsedOutcome) -> Bool {
        requests == other.requests && refusal == other.refusal
            && isBetweenRequests == other.isBetweenRequests
    }
}
