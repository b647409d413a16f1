import Client
import Deployments
import HTTP
import Testing

@testable import Doctor

/// What is said of the server's address, its own and the one by which others reach it.
@Suite struct ServerFactsTests {
    private let here = ListenAddress.tcp(host: "127.0.0.1", port: 8000)

    private func finding(
        _ occupant: ServerFacts.Occupant,
        mustRun: Bool = false,
        holder: Int32? = nil
    ) -> Finding {
        ServerFacts(address: here, occupant: occupant).finding(mustRun: mustRun, holder: holder)
    }

    private let ready = ServerFacts.Occupant.slipway(
        .init(version: ProgramVersion.version, isTold: true, troubles: [])
    )

    @Test func freeAddressIsRightUnlessAServerMustRun() {
        #expect(finding(.nobody).verdict == .ok)
        #expect(finding(.nobody, mustRun: true).verdict == .wrong)
        #expect(finding(.nobody, holder: 17).verdict == .warning)
    }

    @Test func serverOfThisDirectoryIsRight() {
        #expect(finding(ready, holder: 17).verdict == .ok)
        #expect(finding(ready, mustRun: true).verdict == .ok)
        #expect(finding(ready).verdict == .warning)
    }

    @Test func whatItLacksIsTold() {
        let trouble = "The docker engine does not answer."
        let answer = TimedResponse(
            status: 503,
            contentType: "application/json",
            location: nil,
            pieces: [
                .init(
                    time: .zero,
                    bytes: Array(
                        """
                        {"status":"unavailable","version":"9.9","store":{"status":"ok"},
                        "engine":{"status":"unavailable","message":"\(trouble)"}}
                        """.utf8
                    )
                )
            ]
        )
        let readiness = ServerFacts.readiness(answer)
        #expect(readiness == .init(version: "9.9", isTold: true, troubles: [trouble]))
        let finding = finding(.slipway(readiness), holder: 17)
        #expect(finding.verdict == .wrong && finding.message.hasSuffix(trouble))
    }

    @Test func whoMayNotAskIsToldNothing() {
        let answer = TimedResponse(status: 401, contentType: nil, location: nil, pieces: [])
        let readiness = ServerFacts.readiness(answer)
        #expect(readiness == .init(version: nil, isTold: false, troubles: []))
        let finding = finding(.slipway(readiness), holder: 17)
        #expect(finding.verdict == .ok && !finding.message.contains("ready"))
    }

    @Test func serverOfAnotherVersionIsWarnedOf() {
        let other = ServerFacts.ReadinessAnswer(version: "0.0.9", isTold: true, troubles: [])
        let finding = finding(.slipway(other), holder: 17)
        #expect(finding.verdict == .warning && finding.message.contains("0.0.9"))
    }

    @Test func otherProgramsAndForeignAddressesAreWrong() {
        #expect(finding(.another("it does not speak HTTP")).verdict == .wrong)
        #expect(finding(.unusable("Cannot assign requested address")).verdict == .wrong)
    }

    @Test(arguments: [
        ("0.0.0.0:8000", "http://127.0.0.1:8000"), ("[::]:8000", "http://[::1]:8000"),
        ("unix:/run/s.sock", "unix:/run/s.sock"), ("10.0.0.1:80", "http://10.0.0.1:80"),
    ])
    func addressIsReachedWhereItListens(listen: String, url: String) throws {
        #expect(try ServerFacts.url(of: ListenAddress(parsing: listen)) == url)
    }

    @Test func portThatIsChosenLaterIsNotAsked() {
        #expect(ServerFacts.url(of: .tcp(host: "127.0.0.1", port: 0)) == nil)
    }

    // MARK: As others reach it

    private func ticks(_ times: [Int], together: Bool = false) -> TimedResponse {
        let texts = times.indices.map { "data: {\"tick\":\($0 + 1)}\n\n" }
        let pieces = zip(times, texts).map {
            TimedResponse.Piece(time: .milliseconds($0), bytes: Array($1.utf8))
        }
        let joined = TimedResponse.Piece(
            time: .milliseconds(times.last ?? 0),
            bytes: Array(texts.joined().utf8)
        )
        return TimedResponse(
            status: 200,
            contentType: "text/event-stream",
            location: nil,
            pieces: together ? [joined] : pieces
        )
    }

    private func findings(_ url: String, _ answer: TimedResponse) -> [Finding] {
        AddressFacts(url: url, outcome: .answered(answer)).findings
    }

    @Test func streamThatComesTickByTickIsRight() {
        let findings = findings("https://s.example", ticks([0, 200, 400, 600, 800]))
        #expect(findings.map(\.verdict) == [.ok, .ok])
        #expect(findings.map(\.matter) == [.url, .stream])
    }

    @Test func bufferingProxyIsNoticed() {
        for answer in [
            ticks([800, 801, 802, 803, 804]), ticks([0, 0, 0, 0, 800], together: true),
        ] {
            let findings = findings("https://s.example", answer)
            #expect(findings.map(\.verdict) == [.ok, .wrong])
            #expect(findings[1].advice?.contains("proxy_buffering off") == true)
        }
    }

    @Test func whatIsNoStreamOfTicksIsNoSlipway() {
        let finding = findings("http://localhost:8000", ticks([0, 200]))[1]
        #expect(finding.verdict == .wrong && finding.message.contains("no stream"))
    }

    @Test func addressWithoutTLSIsWarnedOf() {
        let good = ticks([0, 200, 400, 600, 800])
        #expect(findings("http://s.example", good)[0].verdict == .warning)
        #expect(findings("http://127.0.0.1:8000", good)[0].verdict == .ok)
        #expect(findings("http://[::1]:8000", good)[0].verdict == .ok)
    }

    @Test(arguments: [
        (421, "wrong"), (401, "warning"), (403, "warning"), (301, "wrong"), (502, "wrong"),
        (404, "wrong"),
    ])
    func refusalsAreTold(status: Int, verdict: String) {
        let detail = "This server does not answer for s.example; --allow-host s.example would."
        let answer = TimedResponse(
            status: status,
            contentType: "application/problem+json",
            location: "https://other.example/",
            pieces: [.init(time: .zero, bytes: Array("{\"detail\":\"\(detail)\"}".utf8))]
        )
        let findings = findings("https://s.example", answer)
        #expect(findings.map(\.verdict.rawValue) == [verdict])
        #expect(findings[0].message.contains(detail) == (status == 421))
        #expect(findings[0].message.contains("other.example") == (status == 301))
    }

    @Test func brokenTLSIsTold() {
        let error = ClientError.unreachable("SSL certificate problem: self-signed certificate")
        let finding = AddressFacts(url: "https://s.example", outcome: .failed(error)).findings[0]
        #expect(finding.verdict == .wrong && finding.message.hasSuffix("certificate."))
        #expect(finding.advice?.contains("certificate") == true)
    }
}
