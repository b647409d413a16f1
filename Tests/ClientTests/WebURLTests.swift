import Testing

@testable import Client

@Suite struct WebURLTests {
    @Test func partsAreTakenApart() throws {
        let url = try WebURL(parsing: "HTTPS://Hooks.Example:8443/in/a%20b?key=1&x=/")
        #expect(url.isSecure && url.host == "hooks.example" && url.port == 8443)
        #expect(url.target == "/in/a%20b?key=1&x=/")
        #expect(url.origin == "https://hooks.example:8443")
        let plain = try WebURL(parsing: "http://[2001:DB8::1]?x")
        #expect(!plain.isSecure && plain.host == "2001:db8::1" && plain.port == 80)
        #expect(plain.target == "/?x" && plain.authority == "[2001:db8::1]")
        #expect(try WebURL(parsing: "https://a").target == "/")
        #expect(try WebURL(parsing: "https://a").port == 443)
        // The full stop of the root makes another of a name, and not of an address.
        for (text, host) in [
            ("http://127.0.0.1.", "127.0.0.1"), ("http://LOCALHOST.:8/", "localhost"),
            ("http://0x7f000001./", "0x7f000001"), ("http://a.example./", "a.example."),
        ] {
            #expect(try WebURL(parsing: text).host == host)
        }
    }

    @Test(arguments: [
        ("", "must begin"), ("hooks.example", "must begin"), ("ftp://a/", "must begin"),
        ("unix:/run/a", "must begin"), ("file:///etc/passwd", "must begin"),
        ("gopher://a", "must begin"), ("https://", "no host"), ("http:///path", "no host"),
        ("http://:80/", "no host"), ("https://secret:word@a/", "password"),
        ("https://name@a", "password"), ("https://a/#part", "fragment"), ("http://a b/", "ASCII"),
        ("http://a\r\nX: y/", "ASCII"), ("http://ä.example/", "ASCII"), ("http://a/ä", "ASCII"),
        ("http://a:0/", "port"), ("http://a:65536/", "port"), ("http://a:x/", "port"),
        ("http://a:/", "port"), ("http://::1/", "brackets"), ("http://[::1", "brackets"),
        ("http://[fe80::1%25eth0]/", "IPv6"), ("http://[a]/", "IPv6"), ("http://[]/", "IPv6"),
        ("http://a%2eb/", "neither"), ("http://127.0.0.1../", "neither"), ("http://./", "neither"),
        ("http://.a/", "neither"), ("http://a..b/", "neither"), ("http://a,b/", "neither"),
        ("http://-a:1/\\", "ASCII"),
        ("http://\(String(repeating: "a", count: 3000))", "longer"),
    ])
    func anythingElseIsRefusedWithoutRepeatingIt(_ text: String, _ words: String) {
        let error = #expect(throws: WebURL.ParseError.self) { try WebURL(parsing: text) }
        #expect(error?.reason.contains(words) == true, "\(error?.reason ?? "")")
        #expect(error?.reason.contains("secret") != true)
    }

    @Test func curlIsBoundToTheAddress() {
        var request = OutgoingRequest("POST", "/x", silence: .seconds(1))
        let free = CurlProcess.configuration(request, url: "https://h/x")
        #expect(!free.contains("connect-to") && !free.contains("noproxy"))
        request.destination = "[2001:db8::1]:443"
        let bound = CurlProcess.configuration(request, url: "https://h/x")
        #expect(bound.contains("\nconnect-to = \"::[2001:db8::1]:443\"\n"))
        #expect(bound.contains("\nnoproxy = \"*\"\n"))
        #expect(!bound.contains("location") && !bound.contains("insecure"))
    }
}
