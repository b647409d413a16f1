import Deployments
import Foundation
import HTTP
import Synchronization
import Testing

@testable import API

private func token(
    _ name: String,
    tenant: String = "default",
    role: Role = .viewer
) -> Token {
    Token(
        name: name,
        text: "secret of \(name)",
        role: role,
        accessScope: AccessScope(tenant: tenant)
    )
}

private func request(_ headers: HeaderFields) throws -> Request {
    try Request(method: .get, target: "/", headers: headers)
}

@Suite struct TokenFileTests {
    @Test func contentIsRead() throws {
        let tokens = try TokenFile.tokens(
            Array(
                """
                [{"name":"ci","token":"abc","tenant":"red","role":"deployer","apps":["web","api"]},
                 {"name":"root","token":"xyz","role":"admin","apps":["*"]},
                 {"name":"eye","token":"eye","role":"viewer"}]
                """.utf8
            )
        )
        #expect(tokens.map(\.name) == ["ci", "root", "eye"])
        #expect(tokens.map(\.role) == [.deployer, .admin, .viewer])
        #expect(tokens[0].accessScope == AccessScope(tenant: "red", apps: ["web", "api"]))
        #expect(tokens[1].accessScope == AccessScope(tenant: "default"))
        #expect(tokens[2].accessScope == AccessScope(tenant: "default"))
    }

    @Test(arguments: [
        (#"{}"#, "array"), (#"[1]"#, "[0]: must be an object"), (#"["#, "not JSON"),
        (#"[{"name":"a","token":"","role":"admin"}]"#, "[0].token"),
        (#"[{"name":"a","token":"a\nb","role":"admin"}]"#, "[0].token"),
        (#"[{"name":"a","token":"abc","role":"root"}]"#, "[0].role"),
        (#"[{"name":"a","token":"abc"}]"#, "[0].role"),
        (#"[{"token":"abc","role":"admin"}]"#, "[0].name"),
        (#"[{"name":"a b","token":"abc","role":"admin"}]"#, "[0].name"),
        (#"[{"name":"a","token":"abc","role":"admin","tenant":""}]"#, "[0].tenant"),
        (#"[{"name":"a","token":"abc","role":"admin","apps":[""]}]"#, "[0].apps"),
        (#"[{"name":"a","token":"abc","role":"admin","apps":["*","web"]}]"#, "[0].apps"),
        (#"[{"name":"a","token":"abc","role":"admin","app":[]}]"#, "[0].app: unknown"),
    ])
    func faultsAreNamedAndTokensAreNot(_ content: String, _ words: String) {
        let fault = #expect(throws: TokenFile.Fault.self) {
            try TokenFile.tokens(Array(content.utf8))
        }
        #expect(fault?.description.contains(words) == true)
        #expect(fault?.description.contains("abc") == false)
    }
}

/// The groups whose streams were ended.
private final class Ended: Sendable {
    private let groups = Mutex<[ObjectIdentifier]>([])

    var all: [ObjectIdentifier] { groups.withLock { $0 } }

    func add(_ group: StreamGroup) {
        groups.withLock { $0.append(ObjectIdentifier(group)) }
    }
}

@Suite struct AccessControlTests {
    private let ended = Ended()

    private func control(_ tokens: [Token]?) -> AccessControl {
        AccessControl(tokens: tokens) { [ended] in ended.add($0) }
    }

    private func caller(_ access: AccessControl, _ headers: HeaderFields) throws -> Caller? {
        guard case .caller(let caller) = access.identify(try request(headers)) else { return nil }
        return caller
    }

    @Test func everybodyIsAnAdminWithoutTokens() throws {
        let caller = try caller(control(nil), ["Authorization": "Bearer whatever"])
        #expect(caller?.role == .admin)
        #expect(caller?.accessScope == AccessScope(tenant: "default"))
    }

    @Test(arguments: [
        ("Bearer secret of a", "a"), ("bearer   secret of b ", "b"), ("Bearer secret of c", nil),
        ("Bearer", nil), ("Bearer ", nil), ("Basic secret of a", nil), ("secret of a", nil),
    ])
    func bearerOfATokenIsKnown(_ field: String, _ name: String?) throws {
        let access = control([token("a"), token("b")])
        #expect(try caller(access, ["Authorization": field])?.name == name)
    }

    @Test func whoNamesNoTokenIsNotTakenForOneThatIsRefused() throws {
        let access = control([token("a")])
        guard case .anonymous = access.identify(try request([:])) else {
            Issue.record("not anonymous")
            return
        }
        guard case .refused = access.identify(try request(["Cookie": "slipway_session=1"])) else {
            Issue.record("not refused")
            return
        }
    }

    @Test(arguments: [
        (Role.viewer, [Role.viewer]), (.deployer, [.viewer, .deployer]),
        (.admin, [.viewer, .deployer, .admin]),
    ])
    func rolesAllowWhatThoseBeforeThemDo(_ role: Role, _ allowed: [Role]) throws {
        let access = control([token("a", role: role)])
        let identity = access.identify(try request(["Authorization": "Bearer secret of a"]))
        for wanted in Role.allCases {
            let caller = try? identity.caller(atLeast: wanted)
            #expect((caller != nil) == allowed.contains(wanted))
        }
    }

    @Test func sessionIsItsTokensUntilItIsEnded() throws {
        let access = control([token("a", tenant: "red")])
        #expect(access.openSession(token: "secret of b") == nil)
        let secret = try #require(access.openSession(token: "secret of a"))
        for field in ["slipway_session=\(secret)", "x=1; slipway_session=\(secret); y"] {
            #expect(try caller(access, ["Cookie": field])?.accessScope.tenant == "red")
        }
        let streams = try #require(try caller(access, ["Cookie": "slipway_session=\(secret)"]))
        access.endSession(of: try request(["Cookie": "slipway_session=\(secret)"]))
        #expect(ended.all == [ObjectIdentifier(streams.streams)])
        #expect(try caller(access, ["Cookie": "slipway_session=\(secret)"]) == nil)
    }

    @Test func tokenHasSoManySessionsAndNoMore() throws {
        let access = control([token("a"), token("b")])
        let other = try #require(access.openSession(token: "secret of b"))
        let secrets = (0...100).compactMap { _ in access.openSession(token: "secret of a") }
        #expect(secrets.count == 101)
        #expect(try caller(access, ["Cookie": "slipway_session=\(secrets[0])"]) == nil)
        #expect(try caller(access, ["Cookie": "slipway_session=\(secrets[1])"]) != nil)
        #expect(try caller(access, ["Cookie": "slipway_session=\(other)"]) != nil)
        #expect(ended.all.count == 1)
    }

    @Test func replacementEndsWhatIsGoneOrChangedAndNothingElse() throws {
        let tokens = [token("gone"), token("less", role: .admin), token("same")]
        let access = control(tokens)
        func streams(_ name: String) throws -> StreamGroup? {
            try caller(access, ["Authorization": "Bearer secret of \(name)"])?.streams
        }
        let before = try tokens.map { try #require(try streams($0.name)) }
        let cookies: [HeaderFields] = try tokens.map { token in
            let secret = try #require(access.openSession(token: "secret of \(token.name)"))
            return ["Cookie": "slipway_session=\(secret)"]
        }
        let sessions = try cookies.map { try #require(try caller(access, $0)).streams }
        access.replace(with: [token("same"), token("less", role: .viewer), token("new")])
        #expect(
            Set(ended.all)
                == Set([before[0], before[1], sessions[0], sessions[1]].map(ObjectIdentifier.init))
        )
        #expect(try streams("gone") == nil)
        #expect(try streams("same") === before[2])
        #expect(try streams("less") !== before[1])
        #expect(try caller(access, cookies[0]) == nil)
        #expect(try caller(access, cookies[1])?.role == .viewer)
        #expect(try caller(access, cookies[2])?.streams === sessions[2])
    }
}
