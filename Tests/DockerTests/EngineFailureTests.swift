import Deployments
import Engine
import Foundation
import Subprocess
import Testing

@testable import Docker

struct EngineFailureTests {
    static let recordings = Fixture.all("errors")

    /// What each recording, of either client, stands for.
    static let codes: [String: FailureCode] = [
        "engine-away": .dockerUnavailable, "engine-refused": .dockerUnavailable,
        "engine-host-invalid": .dockerUnavailable, "context-missing": .dockerUnavailable,
        "client-too-new": .dockerUnavailable,
        "socket-denied-pull": .dockerPermissionDenied,
        "socket-denied-create": .dockerPermissionDenied,
        "socket-denied-start": .dockerPermissionDenied,
        "tag-unknown": .imageNotFound, "repository-unknown": .imageNotFound,
        "digest-unknown": .imageNotFound, "manifest-refused": .imageNotFound,
        "reference-upper-case": .imageNotFound, "reference-malformed": .imageNotFound,
        "image-missing": .imageNotFound, "image-missing-inspect": .imageNotFound,
        "registry-refused": .registryUnreachable, "registry-host-unknown": .registryUnreachable,
        "registry-broken": .registryUnreachable, "rate-limited": .registryRateLimited,
        "credentials-missing": .registryAuthRequired, "credentials-wrong": .registryAuthRequired,
        "platform-missing": .platformMismatch, "platform-bogus": .platformMismatch,
        "platform-other": .platformMismatch,
        "name-taken": .nameInUse, "name-taken-rename": .nameInUse,
        "port-held": .portInUse, "port-allocated": .portInUse, "address-foreign": .portInUse,
        "program-missing": .commandNotFound, "program-not-in-path": .commandNotFound,
        "program-not-executable": .commandNotFound,
        "memory-too-small": .settingsRefused, "memory-malformed": .settingsRefused,
        "cpus-too-many": .settingsRefused, "restart-unknown": .settingsRefused,
        "container-name-invalid": .settingsRefused, "user-missing": .settingsRefused,
        "network-missing": .networkNotFound,
        "container-missing-start": .containerExited, "container-missing-stop": .containerExited,
        "container-missing-kill": .containerExited, "container-missing-rm": .containerExited,
        "container-missing-update": .containerExited,
        "container-missing-inspect": .containerExited,
        "copy-folder-missing": .copyFailed, "copy-container-missing": .copyFailed,
        "copy-onto-file": .copyFailed, "copy-file-in-the-way": .copyFailed,
        "copy-no-tar": .copyFailed, "copy-read-only": .copyFailed,
    ]

    private func classify(_ verb: String, _ lines: [String], status: Int32 = 1)
        -> EngineFailure
    {
        EngineFailure.classify(
            verb: verb,
            outcome: CommandOutcome(termination: .exited(status), errorLines: lines),
            image: "registry.example/app:1"
        )
    }

    @Test func everyCauseIsRecordedWithBothClients() {
        for client in Fixture.clients {
            let names = Self.recordings.filter { $0.client == client }.map(\.name)
            #expect(Set(names) == Set(Self.codes.keys))
        }
    }

    @Test(arguments: recordings)
    func theCauseOfARecordedFailureIsNamed(_ fixture: Fixture) throws {
        var lines = fixture.text.split(separator: "\n").map(String.init)
        let head = lines.removeFirst().split(separator: "\t")
        let cause = classify(String(head[0]), lines, status: try #require(Int32(head[1])))
        #expect(cause.code == Self.codes[fixture.name])
        for sentence in [cause.message, cause.hint] {
            #expect(
                sentence.first?.isUppercase == true || sentence.hasPrefix("docker ")
                    || sentence.hasPrefix("output_tail") || sentence.hasPrefix("registry.example")
            )
            #expect(!sentence.contains("{"))
        }
        // Only what no row knows is told in the engine's own words.
        #expect(
            cause.message.contains("failed with exit status") == (fixture.name == "copy-no-tar")
        )
    }

    @Test(arguments: [
        ("pull", "write /var/lib/docker/tmp/GetImageBlob3150784136: no space left on device"),
        (
            "create",
            "Error response from daemon: mkdir /var/lib/docker/overlay2/x: no space left on device"
        ),
        (
            "cp",
            "Error response from daemon: Error processing tar file(exit status 1): write /www/big5: no space left on device"
        ),
    ])
    func aFullDiskIsNamedWhereverItShows(_ verb: String, _ line: String) {
        #expect(classify(verb, [line]).code == .diskFull)
    }

    @Test(arguments: [
        "dial tcp 127.0.0.1:5803: connect: connection refused",
        "read tcp 127.0.0.1:4242->127.0.0.1:5803: read: connection reset by peer",
        #"Error response from daemon: Get "http://localhost:5804/v2/": context deadline exceeded"#,
        #"Error response from daemon: Get "https://r.example/v2/": net/http: TLS handshake timeout"#,
        #"Error response from daemon: Get "https://r.example/v2/": x509: certificate signed by unknown authority"#,
        #"Error response from daemon: Get "https://r.example/v2/": http: server gave HTTP response to HTTPS client"#,
        #"Error response from daemon: Get "https://r.example/v2/": EOF"#,
    ])
    func aRegistryThatCannotBeReachedIsNamed(_ line: String) {
        #expect(classify("pull", [line]).code == .registryUnreachable)
    }

    @Test(arguments: [
        ("http: server gave HTTP response to HTTPS client", "insecure-registries"),
        ("tls: first record does not look like a TLS handshake", "insecure-registries"),
        (
            "x509: certificate signed by unknown authority",
            "/etc/docker/certs.d/registry.example/ca.crt"
        ),
        (
            "tls: failed to verify certificate: x509: certificate signed by unknown authority",
            "/etc/docker/certs.d/registry.example/ca.crt"
        ),
        ("x509: certificate has expired or is not yet valid", "Renew it"),
        ("x509: certificate is valid for a.example, not registry.example", "Renew it"),
    ])
    func aRegistryWithoutTrustedTLSGetsAHintOfItsOwn(_ reason: String, _ hint: String) {
        let line = "Error response from daemon: Get \"https://registry.example/v2/\": \(reason)"
        let cause = classify("pull", [line])
        #expect(cause.code == .registryUnreachable && cause.hint.contains(hint))
    }

    @Test(arguments: [
        "filesystem layer verification failed for digest sha256:5b98",
        "manifest verification failed for digest sha256:5b98",
        "failed to register layer: Error processing tar file(exit status 1): archive/tar: invalid tar header",
        "failed to register layer: Error processing tar file(exit status 1): unexpected EOF",
        "failed to register layer: unexpected EOF",
        #"failed commit on ref "layer-sha256:5b98": unexpected commit digest sha256:1, expected sha256:2: failed precondition"#,
        "failed to register layer: gzip: invalid checksum",
        "layers from manifest don't match image configuration",
    ])
    func aCorruptImageIsNamed(_ line: String) {
        #expect(classify("pull", [line]).code == .imageCorrupt)
    }

    @Test func aDiskThatIsFullIsNoCorruptImage() {
        let line =
            "failed to register layer: Error processing tar file(exit status 1): write /x: no space left on device"
        #expect(classify("pull", [line]).code == .diskFull)
        let other = "failed to register layer: lchown /x: operation not permitted"
        #expect(classify("pull", [other]).code == .internal)
    }

    @Test func refusedSettingsAreToldInTheEnginesWords() {
        let line = "Error response from daemon: Range of CPUs is from 0.01 to 2.00"
        #expect(
            classify("create", [line]).message.hasSuffix(": Range of CPUs is from 0.01 to 2.00")
        )
    }

    @Test(arguments: [
        "Error response from daemon: pull access denied for nosuch/x, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
        "Error response from daemon: denied: installation not allowed to Create organization package",
        "Error response from daemon: Head \"https://ghcr.io/v2/a/b/manifests/1\": unauthorized",
    ])
    func aRefusedPullIsAQuestionOfCredentials(_ line: String) {
        #expect(classify("pull", [line]).code == .registryAuthRequired)
    }

    @Test func anEngineThatGoesAwayIsNamed() {
        #expect(classify("pull", ["unexpected EOF"]).code == .dockerUnavailable)
        #expect(
            classify("start", ["error during connect: Post \"http://%2Fx/start\": EOF"]).code
                == .dockerUnavailable
        )
        for reason in ["task 7c66a73243878340: already exists", "id already in use"] {
            let line = "Error response from daemon: \(reason)"
            #expect(classify("start", [line]).code == .dockerUnavailable)
        }
    }

    @Test func wordsOfTheImagesOwnProgramAreNotTakenForTheRegistrys() {
        let line = "Error response from daemon: something unauthorized happened"
        #expect(classify("start", [line]).code == .internal)
    }

    @Test func anUnknownFailureIsToldInTheEnginesWords() {
        let lines = [
            "WARNING: something else", "Error response from daemon: the moon is full.", "",
            "Run 'docker create --help' for more information",
        ]
        let cause = classify("create", lines, status: 125)
        #expect(cause.code == .settingsRefused)
        #expect(
            cause.message
                == "The engine does not accept the container's settings: the moon is full."
        )
        #expect(
            classify("create", []).message
                == "docker create failed with exit status 1 and gave no reason."
        )
    }

    @Test func whatEndedTheCommandCountsBeforeItsWords() {
        let line = "Error response from daemon: manifest unknown"
        func classify(_ change: (inout CommandOutcome) -> Void) -> FailureCode {
            var outcome = CommandOutcome(termination: .signalled(15), errorLines: [line])
            change(&outcome)
            return EngineFailure.classify(verb: "pull", outcome: outcome, image: "x").code
        }
        #expect(classify { $0.cancelled = true } == .cancelled)
        #expect(classify { $0.deadlinePassed = true } == .timedOut)
        #expect(classify { $0.inputFailure = CancellationError() } == .sourceUnreadable)
        #expect(classify { $0.termination = .notStarted(reason: "x") } == .dockerUnavailable)
        #expect(classify { _ in } == .imageNotFound)
    }

    @Test(arguments: recordings)
    func whatIsMissingIsRecognized(_ fixture: Fixture) {
        let lines = fixture.text.split(separator: "\n").dropFirst().map(String.init)
        let outcome = CommandOutcome(termination: .exited(1), errorLines: lines)
        let isMissing =
            fixture.name.hasPrefix("container-missing") || fixture.name.hasPrefix("image-missing")
        #expect(outcome.saysMissing == isMissing)
    }

    @Test(
        arguments: [
            ("Bind for 0.0.0.0:8080 failed: port is already allocated", [8080]),
            ("listen tcp4 127.0.0.1:80: bind: address already in use", [80]),
            ("Bind for :::8443 failed: port is already allocated", [8443]),
            ("no port: 123456 is none, and :65536 is none", []),
            ("", []),
        ] as [(String, Set<UInt16>)]
    )
    func portsAreReadFromTheEnginesWords(_ line: String, _ ports: Set<UInt16>) {
        let outcome = CommandOutcome(termination: .exited(1), errorLines: ["x", line])
        let failure = EngineFailure(outcome, of: .start("c"), image: "", mask: { $0 })
        #expect(failure.ports == ports)
    }

    @Test func secretsAreMaskedInTheMessageAndTheLines() {
        let lines = ["docker: Error response from daemon: bad word sesame."]
        let outcome = CommandOutcome(termination: .exited(125), errorLines: lines)
        let failure = EngineFailure(outcome, of: .start("c"), image: "") { lines in
            lines.map { $0.replacing("sesame", with: "***") }
        }
        #expect(!failure.message.contains("sesame"))
        #expect(failure.lines == ["docker: Error response from daemon: bad word ***."])
        #expect(failure.exitCode == 125)
    }
}
