import Testing

@testable import Webhooks

@Suite struct WebhookOptionsTests {
    private let secret = WebhookSecretTests.text

    private func fault(
        _ urls: [String],
        secrets: [String]? = nil,
        allowed: [String] = []
    ) -> WebhookOptions.Fault? {
        do throws(WebhookOptions.Fault) {
            _ = try WebhookOptions(urls: urls, secrets: secrets ?? [secret], allowed: allowed)
            return nil
        } catch {
            return error
        }
    }

    @Test func whatMakesSenseIsTaken() throws {
        let options = try WebhookOptions(
            urls: ["https://hooks.example/a?b=c", "http://127.0.0.1:9/x", "http://[::1]:9/x"],
            secrets: [secret, secret],
            allowed: ["169.254.10.0/24"]
        )
        #expect(options.urls.count == 3)
        #expect(try WebhookOptions(urls: [], secrets: [], allowed: []).urls.isEmpty)
        #expect(fault(["http://169.254.10.1/"], allowed: ["169.254.10.0/24"]) == nil)
    }

    @Test func urlsNeedASecret() {
        let fault = fault(["https://a/"], secrets: [])
        #expect(fault?.option == "webhook-secret")
        #expect(fault?.message.contains("openssl rand") == true)
    }

    @Test func secretIsNotRepeated() {
        for text in ["hush", "whsec_hush", "whsec_\(String(repeating: "hush", count: 30))"] {
            let fault = fault(["https://a/"], secrets: [secret, text])
            #expect(fault?.option == "webhook-secret")
            #expect(fault?.message.contains("hush") == false)
        }
    }

    @Test(arguments: [
        "http://169.254.169.254/latest/meta-data", "http://2852039166/", "http://0xA9FEA9FE/",
        "https://0251.0376.0251.0376/", "http://169.254.43518/", "http://[fe80::1]/",
        "http://[::ffff:169.254.169.254]/", "http://[::ffff:a9fe:a9fe]:80/",
        "http://[fd00:ec2::254]/", "http://0.0.0.0/", "http://0/", "http://[::]/",
        "http://169.254.169.254./", "http://169.254.169.254.:80/x", "http://0xA9FEA9FE./",
        "http://2852039166./", "http://169.254.43518./", "http://0x0./",
    ])
    func literalThatMustNotBeConnectedToIsRefused(_ url: String) {
        let fault = fault(["https://a/", url])
        #expect(fault?.option == "webhook")
        #expect(fault?.message.hasPrefix("number 2: ") == true)
        #expect(fault?.message.contains("--webhook-allow-address") == true)
    }

    @Test func nameOfTheRootIsNotRefused() throws {
        for url in ["http://localhost.:9/", "https://hooks.example./", "http://127.0.0.1./"] {
            #expect(fault([url]) == nil)
        }
    }

    @Test func malformedValueIsNamedByItsOption() {
        #expect(fault(["https://user:hush@a/"])?.option == "webhook")
        #expect(fault(["https://user:hush@a/"])?.message.contains("hush") == false)
        #expect(fault(["https://a/x", "https://a/x"])?.message.contains("twice") == true)
        #expect(fault([], allowed: ["example.org"])?.option == "webhook-allow-address")
        #expect(fault((0..<21).map { "https://a/\($0)" })?.message.contains("20") == true)
        #expect(
            fault([], secrets: [String](repeating: secret, count: 5))?.message.contains("4") == true
        )
    }
}
