import Testing

@testable import Client

@Suite struct ServerAddressTests {
    @Test func addressesAreRead() throws {
        let plain = try ServerAddress(parsing: "http://127.0.0.1:8000")
        #expect(plain.route == .tcp(host: "127.0.0.1", port: 8000))
        #expect(plain.authority == "127.0.0.1:8000")
        let based = try ServerAddress(parsing: "http://deploy.example/slipway/")
        #expect(based.route == .tcp(host: "deploy.example", port: 80))
        #expect(based.basePath == "/slipway")
        let six = try ServerAddress(parsing: "http://[::1]:9000/")
        #expect(six.route == .tcp(host: "::1", port: 9000))
        #expect(six.authority == "[::1]:9000")
        let tls = try ServerAddress(parsing: "https://deploy.example:8443/x")
        #expect(tls.route == .tls(origin: "https://deploy.example:8443"))
        #expect(tls.basePath == "/x")
        let unix = try ServerAddress(parsing: "unix:/run/slipway.sock")
        #expect(unix.route == .unix(path: "/run/slipway.sock"))
        #expect(unix.authority == "localhost")
    }

    @Test(arguments: [
        "127.0.0.1:8000", "ftp://x", "http://", "http://:80", "http://a:b", "http://a:0",
        "http://a:99999", "http://::1:80", "http://user:pass@a", "http://a/?q", "http://a/#f",
        "http://a b", "http://a/\"x", "unix:", "http://a\r\nX: y", "",
        "unix:/\(String(repeating: "a", count: 107))",
    ])
    func whatIsNoAddressIsRefused(_ text: String) {
        #expect(throws: ServerAddress.ParseError.self) { try ServerAddress(parsing: text) }
    }
}
