import Testing

@testable import Deployments

@Suite struct FingerprintTests {
    /// The examples of FIPS 180, and lengths about the end of a block.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            String(repeating: "a", count: 55),
            "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"
        ),
        (
            String(repeating: "a", count: 56),
            "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"
        ),
        (
            String(repeating: "a", count: 64),
            "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"
        ),
        (
            String(repeating: "a", count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ])
    func hashOfAText(_ text: String, _ hash: String) {
        #expect(SHA256.hexadecimal(Array(text.utf8)) == hash)
    }

    @Test(arguments: [
        (#"{"a":1,"b":[{"x":1,"y":null}]}"#, #" { "b" : [ {"y":null,"x":1.0} ], "a" : 1e0 } "#),
        (#"{"text":"é/\n"}"#, #"{"text":"\u00e9\/\u000a"}"#),
        (#"[0]"#, #"[-0.0]"#), (#"[1.5]"#, #"[15e-1]"#), (#"[1e2]"#, #"[100.0]"#),
        (#"[18446744073709551617]"#, #"[18446744073709551617.0]"#), (#"[1e30]"#, #"[10e29]"#),
    ])
    func waysToWriteTheSameHaveOneFingerprint(_ one: String, _ other: String) throws {
        #expect(try fingerprint(one) == fingerprint(other))
    }

    @Test(arguments: [
        (#"{"a":1}"#, #"{"a":2}"#), (#"{"a":1}"#, #"{"a":"1"}"#), (#"[1,2]"#, #"[2,1]"#),
        (#"{"a":null}"#, #"{}"#), (#"{"a":0.5}"#, #"{"a":0.25}"#), (#"[[]]"#, #"[]"#),
        (#"[18446744073709551616]"#, #"[18446744073709551617]"#),
        (#"[0.1]"#, #"[0.10000000000000000001]"#),
    ])
    func differentValuesHaveDifferentFingerprints(_ one: String, _ other: String) throws {
        #expect(try fingerprint(one) != fingerprint(other))
    }

    private func fingerprint(_ text: String) throws -> String {
        try JSONValue(parsing: Array(text.utf8)).fingerprint
    }
}
