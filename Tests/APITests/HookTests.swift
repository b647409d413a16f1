import Deployments
import Foundation
import Testing

@testable import API

@Suite struct HookTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("fixtures/pushes").path
    private static let commit = "95790bf891e76fee5e1747ab589903a6a1f80f22"
    private static let events: [Hook.Forge: (String, String)] = [
        .github: ("X-GitHub-Event", "push"), .gitea: ("X-Gitea-Event", "push"),
        .gitlab: ("X-Gitlab-Event", "Push Hook"),
    ]

    private func hook(_ forge: Hook.Forge) throws -> Hook {
        let content = """
            [{"name":"shop","forge":"\(forge.rawValue)","secret":"0123456789abcdef","deploy":[
            {"repository":"Acme/Shop","branch":"main","request":
            {"script_name":"shop","source":{"git":"https://h/a"}}}]}]
            """
        return try #require(try hooks(content).first)
    }

    private func hooks(_ content: String) throws(PrivateFile.Fault) -> [Hook] {
        try HookFile.hooks(
            Array(content.utf8),
            decoder: RequestDecoder(defaults: RequestDefaults())
        )
    }

    private func recorded(_ forge: Hook.Forge) throws -> [UInt8] {
        let path = "\(Self.folder)/\(forge.rawValue).json"
        return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    @Test(arguments: Hook.Forge.allCases)
    func recordedPushIsRead(_ forge: Hook.Forge) throws {
        let (name, value) = try #require(Self.events[forge])
        let json = try JSONValue(parsing: try recorded(forge))
        let delivery = Push.read(json, of: forge) { $0 == name ? value : nil }
        #expect(
            delivery
                == .push(Push(repository: "acme/shop", branch: "main", commit: Self.commit))
        )
        guard case .malformed = Push.read(json, of: forge, { _ in nil }) else {
            Issue.record("a delivery without its event")
            return
        }
        guard case .ignored = Push.read(json, of: forge, { $0 == name ? "ping" : nil }) else {
            Issue.record("a ping")
            return
        }
    }

    @Test(arguments: Hook.Forge.allCases)
    func onlyTheForgesOwnSignatureCounts(_ forge: Hook.Forge) throws {
        let hook = try hook(forge)
        let body = try recorded(forge)
        let secret = Array("0123456789abcdef".utf8)
        let digits = SHA256.hmac(body, key: secret).map {
            String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)
        }.joined()
        let (name, right): (String, String) =
            switch forge {
            case .github: ("X-Hub-Signature-256", "sha256=\(digits)")
            case .gitea: ("X-Gitea-Signature", digits)
            case .gitlab: ("X-Gitlab-Token", "0123456789abcdef")
            }
        #expect(hook.isSigned(body) { $0 == name ? right : nil })
        for wrong in [
            "", String(right.dropLast()), right + "0", String(right.reversed()),
            digits.uppercased() + "x",
        ] {
            #expect(!hook.isSigned(body) { $0 == name ? wrong : nil }, "\(wrong)")
        }
        #expect(!hook.isSigned(body) { _ in nil })
        if forge != .gitlab { #expect(!hook.isSigned(body + [0x20]) { $0 == name ? right : nil }) }
    }

    /// From GitHub's documentation of how deliveries are validated.
    @Test func signatureIsThatOfTheDocumentation() throws {
        let hook = Hook(
            name: "a",
            forge: .github,
            tenant: "default",
            secret: Array("It's a Secret to Everybody".utf8),
            rules: []
        )
        let signature =
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        #expect(
            hook.isSigned(Array("Hello, World!".utf8)) {
                $0 == "X-Hub-Signature-256" ? signature : nil
            }
        )
    }

    @Test(arguments: [
        ("{}", "array"), ("[1]", "[0]"), (#"[{"forge":"x"}]"#, "forge"),
        (#"[{"forge":"github","secret":"short"}]"#, "secret"),
        (#"[{"forge":"github","secret":"0123456789abcdef"}]"#, "deploy"),
        (#"[{"forge":"github","secret":"0123456789abcdef","deploy":[{"x":1}]}]"#, "deploy[0].x"),
        (
            #"[{"forge":"github","secret":"0123456789abcdef","deploy":[{"request":{"a":1}}]}]"#,
            "deploy[0].request.a"
        ),
        (
            #"[{"forge":"github","secret":"0123456789abcdef","deploy":[{"request":{"script_name":"a","script_folder":"/a"}}]}]"#,
            "request.source"
        ),
        (
            #"[{"forge":"github","secret":"0123456789abcdef","deploy":[{"request":{"script_name":"a","source":{"git":"https://h/a","ref":"b"}}}]}]"#,
            "request.source"
        ),
    ])
    func faultsAreNamedAndSecretsAreNot(_ content: String, _ word: String) {
        let fault = #expect(throws: PrivateFile.Fault.self) { try hooks(content) }
        #expect(fault?.description.contains(word) == true, "\(fault?.description ?? "")")
        #expect(fault?.description.contains("0123456789abcdef") == false)
    }
}
