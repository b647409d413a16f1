import Engine
import Testing

struct ImageReferenceTests {
    private static let digest = "sha256:" + String(repeating: "0a", count: 32)

    @Test(arguments: [
        ("busybox", "docker.io", "library/busybox", nil, nil),
        ("user/app:1.0", "docker.io", "user/app", "1.0", nil),
        ("docker.io/library/x", "docker.io", "library/x", nil, nil),
        ("index.docker.io/a/b", "docker.io", "a/b", nil, nil),
        ("ghcr.io/a/b/c:latest", "ghcr.io", "a/b/c", "latest", nil),
        ("localhost/x", "localhost", "x", nil, nil),
        ("localhost:5000/x:1", "localhost:5000", "x", "1", nil),
        ("[::1]:5000/x", "[::1]:5000", "x", nil, nil),
        ("HOST/x", "HOST", "x", nil, nil),
        ("r.io/a__b/c-d--e/f.g_h:_T.a-g", "r.io", "a__b/c-d--e/f.g_h", "_T.a-g", nil),
        ("a@\(digest)", "docker.io", "library/a", nil, digest),
        ("r.io/a:t@\(digest)", "r.io", "a", "t", digest),
    ])
    func namesAreRead(
        _ text: String,
        _ registry: String,
        _ path: String,
        _ tag: String?,
        _ digest: String?
    ) throws {
        let reference = try ImageReference(text)
        #expect(reference.registry == registry)
        #expect(reference.path == path)
        #expect(reference.tag == tag)
        #expect(reference.digest == digest)
        #expect(reference.description == text)
    }

    @Test(arguments: [
        "", "-x", "--privileged", "a b", "a\nb", "A/B:1x/y", "user/App", "a//b", "/a", "a/", "a:",
        "a:-t", "a:b:c", "a@", "a@sha256:12", "a@sha256:" + String(repeating: "g", count: 64),
        "_a", "a_", "a..b", "a___b", "r.io:99999/x", "r.io:/x", "-r.io/x", "r-.io/x", "r..io/x",
        "[::1/x", "[zz]/x", "a:" + String(repeating: "t", count: 129),
        String(repeating: "a", count: 256), "ä", "a\0b", String(repeating: "ab", count: 32),
        "https://r.io/x",
    ])
    func whatIsNoNameIsRefused(_ text: String) {
        #expect(throws: ImageReference.Malformed.self) { try ImageReference(text) }
    }

    @Test func aRefusalSaysWhy() {
        let error = #expect(throws: ImageReference.Malformed.self) {
            try ImageReference("user/App")
        }
        #expect("\(error?.description ?? "")" == "the image name must be lower case")
    }

    @Test func onlyTheLoopbackMayLackTLS() throws {
        for name in ["localhost/x", "localhost:5000/x", "127.0.0.1:5000/x", "[::1]:80/x"] {
            #expect(try ImageReference(name).isLoopback)
        }
        for name in ["x", "r.io/x", "localhost.r.io/x", "[::2]:80/x", "1270.r.io/x"] {
            #expect(try !ImageReference(name).isLoopback)
        }
    }

    @Test func anotherDigestsImageIsOfTheSameRepository() {
        let named = ImageReference.withDigest("localhost:5000/x:1", Self.digest)
        #expect(named == "localhost:5000/x@\(Self.digest)")
        #expect(
            ImageReference.withDigest("busybox", Self.digest)
                == "docker.io/library/busybox@\(Self.digest)"
        )
        #expect(ImageReference.withDigest("-x", Self.digest) == "-x")
    }
}
