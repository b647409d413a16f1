import Deployments
import Docker
import Engine
import Foundation
import Subprocess
import Testing

@testable import Doctor

/// What is said of the docker command and the engine.
@Suite struct EngineFactsTests {
    let user = UserFacts(number: 1000, name: "ship")

    private func facts(_ change: (inout EngineFacts) -> Void = { _ in }) -> EngineFacts {
        var facts = EngineFacts(program: "/usr/bin/docker")
        facts.clientVersion = "28.2.2"
        facts.engineVersion = "20.10.24+dfsg1"
        facts.host = "unix:///var/run/docker.sock"
        facts.context = "default"
        change(&facts)
        return facts
    }

    private func socket(
        group: UInt32 = 998,
        name: String? = "docker",
        members: [String] = [],
        isAdmitted: Bool = true
    ) -> SocketFacts {
        SocketFacts(
            path: "/var/run/docker.sock",
            group: .init(number: group, name: name, members: members, isAdmitted: isAdmitted),
            isUsable: false
        )
    }

    /// What docker's words are taken for.
    private func trouble(_ words: String) -> EngineFailure {
        let outcome = CommandOutcome(termination: .exited(1), errorLines: [words])
        return .classify(verb: "version", outcome: outcome, image: "")
    }

    @Test func engineThatAnswersIsNamed() {
        let findings = facts().findings(for: user)
        #expect(findings.map(\.verdict) == [.ok, .ok])
        #expect(findings[1].message.contains("unix:///var/run/docker.sock, context default"))
    }

    @Test func missingProgramIsAllThatIsSaid() {
        let findings = facts { $0.notStarted = "the program docker is not in PATH" }
            .findings(for: user)
        #expect(findings.map(\.verdict) == [.wrong])
        #expect(findings[0].message.contains("not in PATH"))
    }

    @Test func programThatIsNotDockerIsNoticed() {
        let findings = facts {
            $0.clientVersion = nil
            $0.trouble = trouble("usage: frobnicate")
        }.findings(for: user)
        #expect(findings.map(\.verdict) == [.wrong])
    }

    @Test func contextThatIsNotThereIsTheEnginesFault() {
        let trouble = trouble("context \"nowhere\": context not found")
        let findings = facts {
            $0.clientVersion = nil
            $0.host = nil
            $0.context = nil
            $0.trouble = trouble
        }.findings(for: user)
        #expect(findings.map(\.verdict) == [.ok, .wrong])
        #expect(findings[1].message == trouble.message)
    }

    @Test func socketsGroupIsNamedWithTheWayIntoIt() {
        let findings = facts {
            $0.trouble = trouble("permission denied while trying to connect to the docker API")
            $0.socket = socket()
        }.findings(for: user)
        #expect(findings[1].verdict == .wrong)
        #expect(findings[1].message.contains("group docker"))
        #expect(findings[1].advice?.contains("usermod -aG docker ship") == true)
        #expect(findings[1].advice?.contains("--group-add 998") == true)
    }

    @Test func whoeverWasJustPutIntoTheGroupIsToldToLogInAgain() {
        let words = socket(members: ["ship"]).trouble(for: user)
        #expect(words.advice.contains("log in again") && !words.advice.contains("usermod"))
    }

    @Test func groupWithoutANameIsTheOneOfAContainer() {
        let words = socket(name: nil).trouble(for: user)
        #expect(words.message.contains("group 998") && words.advice.contains("--group-add 998"))
    }

    @Test(arguments: [(UInt32(0), true), (998, false)])
    func socketOfRootAloneIsNotGivenAway(group: UInt32, isAdmitted: Bool) {
        let words = socket(group: group, isAdmitted: isAdmitted).trouble(for: user)
        #expect(words.message.contains("root's alone") && !words.advice.contains("usermod"))
    }

    @Test func missingSocketMeansThatTheEngineDoesNotRun() {
        let gone = SocketFacts(path: "/s", group: nil, isUsable: false)
        #expect(gone.trouble(for: user).advice.hasPrefix("Start the engine"))
        let hidden = SocketFacts(path: "/s", group: nil, isHidden: true, isUsable: false)
        #expect(hidden.trouble(for: user).message.contains("may not enter"))
    }

    @Test(arguments: [
        ("unix:///run/docker.sock", true), ("tcp://127.0.0.1:2375", true),
        ("tcp://localhost:2375", true), ("tcp://[::1]:2375", true),
        ("tcp://10.0.0.1:2375", false), ("ssh://deploy@host", false),
    ])
    func engineOfAnotherMachineIsWarnedOf(host: String, isLocal: Bool) {
        let finding = facts { $0.host = host }.findings(for: user)[1]
        #expect(finding.verdict == (isLocal ? .ok : .warning))
        #expect(finding.message.contains("without TLS") == host.hasPrefix("tcp://10."))
    }

    @Test(arguments: [
        ("20.10.24+dfsg1", "ok"), ("28.2.2", "ok"), ("19.03.15", "warning"), ("20.9.0", "warning"),
        ("dev", "ok"),
    ])
    func oldOnesAreWarnedOf(version: String, verdict: String) {
        let findings = facts {
            $0.clientVersion = version
            $0.engineVersion = version
        }.findings(for: user)
        #expect(findings.map(\.verdict.rawValue) == [verdict, verdict])
    }

    @Test func enginesDiskIsWeighedWhereItIsSeen() {
        let full = DiskFacts(free: 1 << 20, total: 1 << 40, freeFiles: nil)
        let seen = facts {
            $0.root = "/var/lib/docker"
            $0.disk = full
        }.findings(for: user)
        #expect(seen[2].verdict == .wrong && seen[2].advice?.contains("prune") == true)
        let unseen = facts { $0.root = "/var/lib/docker" }.findings(for: user)
        #expect(unseen[2].verdict == .ok)
    }
}
