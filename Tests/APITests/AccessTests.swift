import Testing

@testable import API

@Suite struct AccessOptionsTests {
    @Test(arguments: [
        ("127.0.0.1:8000", true), ("localhost:8000", true), ("[::1]:8000", true),
        ("localhost", true), ("localhost:8001", false), ("evil.example:8000", false),
        ("evil.example", false), ("10.0.0.1:8000", false), ("allowed.example", true),
        ("allowed.example:443", true), ("port.example:444", true), ("port.example:445", false),
    ])
    func hostOfARequest(_ host: String, _ isOwn: Bool) {
        var options = AccessOptions()
        options.allowedHosts = ["allowed.example", "port.example:444"]
        #expect(options.isOwnHost(host) == isOwn)
    }

    @Test(arguments: [
        ("192.0.2.7:8000", true), ("[2001:db8::1]:8000", true), ("rebound.example:8000", false),
    ])
    func hostWhereTheServerListensOnAllAddresses(_ host: String, _ isOwn: Bool) {
        var options = AccessOptions()
        options.ownHost = "0.0.0.0"
        #expect(options.isOwnHost(host) == isOwn)
    }
}

@Suite struct RateLimiterTests {
    @Test func burstIsTakenAtOnceAndComesBackWithTime() {
        var limiter = RateLimiter(rate: 10, burst: 3)
        let start = ContinuousClock.now
        for _ in 0..<3 { #expect(limiter.take("a", at: start) == nil) }
        #expect(limiter.take("a", at: start) == 1)
        #expect(limiter.take("b", at: start) == nil, "another client has a bucket of its own")
        #expect(limiter.take("a", at: start + .milliseconds(100)) == nil)
        #expect(limiter.take("a", at: start + .milliseconds(100)) == 1)
    }
}
