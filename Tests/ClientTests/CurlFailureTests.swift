import Testing

@testable import Client

@Suite struct CurlFailureTests {
    @Test(arguments: [5, 6, 7, 35, 58, 59, 60, 77, 83, 90, 91, 97])
    func failureBeforeAnythingWasSentIsUnreachable(code: Int32) {
        let failure = CurlFailure(said: "curl: (\(code)) for a reason\n", status: code)
        #expect(failure?.error == .unreachable("for a reason"))
    }

    @Test(arguments: [1, 2, 16, 18, 23, 26, 28, 52, 55, 56, 92, 95])
    func anyOtherFailureIsALostAnswer(code: Int32) {
        let failure = CurlFailure(said: "curl: (\(code)) for a reason\n", status: code)
        #expect(failure?.error == .lost("for a reason"))
    }

    @Test(arguments: [
        "Connection timed out after 10001 milliseconds",
        "Connection timeout after 10001 ms",
        "Failed to connect to host.example port 443 after 10001 ms: Timeout was reached",
        "Resolving timed out after 10000 milliseconds",
        "SSL connection timeout",
    ])
    func timeThatRanOutWhileConnectingIsUnreachable(reason: String) {
        let failure = CurlFailure(said: "curl: (28) \(reason)\n", status: 28)
        #expect(failure?.error == .unreachable(reason))
    }

    @Test func timeThatRanOutAfterwardsIsALostAnswer() {
        let reason = "Operation timed out after 60000 milliseconds with 0 bytes received"
        #expect(CurlFailure(said: "curl: (28) \(reason)", status: 28)?.error == .lost(reason))
    }

    @Test func numberOfTheMessageIsTheOneThatCounts() {
        let said = """
            Warning: (7) of no account
            curl: (60) SSL certificate problem: self-signed certificate (18)
            More details here: https://curl.se/docs/sslcerts.html

            curl failed to verify the legitimacy of the server and therefore could not
            """
        let failure = CurlFailure(said: said, status: 52)
        #expect(failure?.code == 60)
        #expect(failure?.reason == "SSL certificate problem: self-signed certificate (18)")
    }

    @Test func statusCountsWhereThereIsNoNumber() {
        let refused = CurlFailure(said: "", status: 7)
        #expect(refused?.error == .unreachable("curl failed with status 7"))
        #expect(CurlFailure(said: "", status: 52)?.error == .lost("curl failed with status 52"))
        #expect(CurlFailure(said: "curl: (x) no\n", status: 2)?.error == .lost("curl: (x) no"))
        #expect(CurlFailure(said: "curl: (6)", status: 6)?.code == 6)
    }

    @Test func endWithoutAFailureTellsNothing() {
        #expect(CurlFailure(said: "", status: 0) == nil)
        #expect(CurlFailure(said: "Warning: x\n", status: nil) == nil)
    }
}
