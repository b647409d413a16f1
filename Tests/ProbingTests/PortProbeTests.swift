import Testing

@testable import Probing

@Suite struct PortProbeTests {
    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\n", PortProbe.Answer.healthy, PortProbe.Answer.healthy),
        ("HTTP/1.0 302 Found\r\n", .healthy, .healthy),
        ("HTTP/1.1 404 Not Found\r\n", .healthy, .unhealthy("HTTP status 404")),
        (
            "HTTP/1.1 500 Oops\r\n", .unhealthy("HTTP status 500"),
            .unhealthy("HTTP status 500")
        ),
        ("SSH-2.0-OpenSSH\r\n", .healthy, .unhealthy("the answer is not HTTP")),
        ("HTTP/1.1 abc\r\n", .healthy, .unhealthy("the answer is not HTTP")),
    ])
    func firstBytes(_ text: String, _ plain: PortProbe.Answer, _ withPath: PortProbe.Answer) {
        #expect(PortProbe.judge(Array(text.utf8), hasPath: false) == plain)
        #expect(PortProbe.judge(Array(text.utf8), hasPath: true) == withPath)
    }

    @Test func portOnWhichNothingListensIsRefused() async {
        let probe = PortProbe(address: "127.0.0.1", port: 1, path: nil, host: "localhost")
        #expect(await probe.ask() == .refused)
    }
}
