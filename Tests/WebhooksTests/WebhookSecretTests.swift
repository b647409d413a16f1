import Testing

@testable import Webhooks

@Suite struct WebhookSecretTests {
    static let text = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    /// The example of the Standard Webhooks reference implementations.
    @Test(arguments: [text, String(text.dropFirst("whsec_".count))])
    func signatureIsThatOfTheReferenceImplementations(text: String) throws {
        let secret = try #require(WebhookSecret(text))
        let signature = secret.signature(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            time: 1_614_265_330,
            body: Array(#"{"test": 2432232314}"#.utf8)
        )
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test(arguments: [23, 24, 32, 64, 65])
    func keyHasTwentyFourToSixtyFourBytes(count: Int) {
        let text = "whsec_\(String(repeating: "A", count: count / 3 * 4))"
        let rest = ["", "AA==", "AAA="][count % 3]
        #expect((WebhookSecret(text + rest) != nil) == (24...64).contains(count))
    }

    @Test(arguments: [
        "", "whsec_", "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
        "whsec_MfKQ9r8GKYqr TwjUPD8ILPZIo2LaLaSw",
    ])
    func anythingElseIsNone(_ text: String) {
        #expect(WebhookSecret(text) == nil)
    }

    @Test func nothingOfItIsPrinted() throws {
        let secret = try #require(WebhookSecret(Self.text))
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), "\([secret])", dumped] {
            #expect(!text.contains("MfKQ") && !text.contains("49"), "\(text)")
        }
    }
}
