import Testing

@testable import Deployments

@Suite struct DeploymentSourceTests {
    @Test(arguments: [
        ("https://git.example/shop.git", GitLocation.Way.https),
        ("HTTPS://git.example:8443/a/b", .https),
        ("https://[2001:db8::1]:8443/a", .https), ("ssh://git@git.example/a", .ssh),
        ("ssh://git.example:2222/a", .ssh), ("git@git.example:a/b.git", .ssh),
        ("git@git.example:/a/b", .ssh), ("/srv/apps/shop.git", .path),
    ])
    func placesAreKnown(_ text: String, _ way: GitLocation.Way) throws {
        #expect(try GitLocation(text).way == way)
        #expect(try GitLocation(text).text.lowercased() == text.lowercased())
    }

    @Test(arguments: [
        "", "shop.git", "./shop", "http://git.example/a", "file:///etc", "ext::sh -c id",
        "git://a/b",
        "https://", "https://git.example", "https://git.example/", "https:///a", "https://-x/a",
        "https://a:b@git.example/c", "https://a@b/c", "https://a/b c", "https://a/b\nc",
        "https://a:0/b",
        "https://a:99999/b", "https://a:x/b", "https://[::1/a", "https://[x]/a", "ssh://-oProxy/a",
        "ssh://-x@a/b", "ssh://a@b@c/d", "-x@a:b", "a@-x:b", "a@b:-c", "a@b:", "a@b", "a b@c:d",
        "https://git.ex\u{0301}ample/a", "/srv/a\u{7F}", "--upload-pack=id",
    ])
    func whatIsNoPlaceIsRefused(_ text: String) {
        #expect(throws: GitLocation.Refused.self) { try GitLocation(text) }
    }

    @Test(arguments: ["main", "feature/x", "v1.0", "refs/heads/main", "HEAD", "a@b", "ä"])
    func refsAreTaken(_ ref: String) {
        #expect(GitSource.faultOfRef(ref) == nil)
    }

    @Test(arguments: [
        "", "-x", "+main", "a b", "a..b", "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "a@{1}",
        "/a", "a/",
        "a//b", "a.", ".a", "a/.b", "a.lock", "a.lock/b", "a\u{7F}",
        String(repeating: "a", count: 256),
    ])
    func whatIsNoRefIsRefused(_ ref: String) {
        #expect(GitSource.faultOfRef(ref) != nil)
    }

    @Test(arguments: [
        ("https://h/a/shop.git", "../inner.git", "https://h/a/inner.git"),
        ("https://h/a/shop.git/", "./inner", "https://h/a/shop.git/inner"),
        ("https://h:1/a/b", "../../c", "https://h:1/c"),
        ("git@h:a/shop.git", "../inner", "git@h:a/inner"),
        ("ssh://u@h/a/b", "../c", "ssh://u@h/a/c"), ("/srv/a/b.git", "../c.git", "/srv/a/c.git"),
        ("https://h/a", "https://other/b", "https://other/b"),
    ])
    func submodulesAreFoundFromWhereTheRepositoryIs(_ base: String, _ url: String, _ wanted: String)
        throws
    {
        #expect(try GitLocation(base).submodule(url).text == wanted)
    }

    @Test(arguments: [("https://h/a", "../../x"), ("https://h/a", "../.."), ("git@h:a", "../../b")])
    func submoduleBeyondTheHostIsRefused(_ base: String, _ url: String) {
        #expect(throws: GitLocation.Refused.self) { try GitLocation(base).submodule(url) }
    }

    @Test func credentialsAreForOneHost() throws {
        let place = try GitLocation("https://h:1/a")
        #expect(place.isSameHost(as: try GitLocation("HTTPS://H:1/b")))
        for other in [
            "https://h/a", "https://h:2/a", "https://i:1/a", "git@h:a", "ssh://h:1/a", "/a",
        ] {
            #expect(!place.isSameHost(as: try GitLocation(other)))
        }
    }

    @Test(arguments: [
        #"{"git":"https://h/a","ref":"v1","subfolder":"web","submodules":true}"#,
        #"{"git":"https://h/a"}"#,
        #"{"archive":"sha256:0123456789012345678901234567890123456789012345678901234567890123"}"#,
    ])
    func sourceIsKeptAndReadBack(_ source: String) throws {
        let text = #"{"script_name":"a","source":\#(source)}"#
        let json = try JSONValue(parsing: Array(text.utf8))
        var request = try RequestDecoder(defaults: RequestDefaults()).decode(json)
        #expect(request.source != nil && request.folder == nil)
        #expect(DeploymentRequest(json: request.json) == request)
        request.sourceAuth = Credentials(username: "me", password: "battery")
        #expect(!request.json.text.contains("battery"))
        #expect(DeploymentRequest.sourceAuthWasGiven(request.json))
    }
}
