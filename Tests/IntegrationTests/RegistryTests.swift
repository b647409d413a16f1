import Deployments
import Foundation
import Testing

/// Registries that say or send what they should not.
@Suite(.serialized) struct RegistryTests {
    @Test func layersOfAnySizeAreCountedByCheckAndPull() async throws {
        let sizes = "9223372036854775807,1"
        try await TestEngine.withRegistry("odd", ["--sizes", sizes]) { registry in
            try await withServer { server, app in
                let body = try request(server, app, image: "\(registry)/odd:1")
                let check = try await server.request(
                    "POST",
                    "/api/deployments/check",
                    body: body
                )
                #expect(check.status == 200 && check.body.contains("2 layers"), "\(check.body)")
                let events = try await server.deploy(body)
                checkStream(events)
                // The image holds no program; it has arrived all the same.
                #expect(
                    events.last?.failureCode == "command_not_found",
                    "\(events.last?.block ?? "")"
                )
                #expect(try await server.request("GET", "/healthz").status == 200)
            }
        }
    }

    @Test(arguments: ["other", "no-gzip", "no-tar"])
    func layerThatIsNotWhatItsDigestSaysIsACorruptImage(_ fault: String) async throws {
        try await TestEngine.withRegistry("odd", ["--layer", fault]) { registry in
            try await withServer { server, app in
                let events = try await server.deploy(
                    try request(server, app, image: "\(registry)/odd:1")
                )
                checkStream(events)
                let failure = events.last?.data["failure"]
                #expect(failure?["code"]?.string == "image_corrupt", "\(events.last?.block ?? "")")
                #expect(failure?["stage"]?.string == "pulling_image")
                #expect(failure?["message"]?.string?.contains("\(registry)/odd:1") == true)
            }
        }
    }

    @Test func layerThatBreaksOffAgainAndAgainIsACorruptImage() async throws {
        // A real engine takes more than a minute to give up.
        let fake = try Scratch()
        defer { fake.remove() }
        let docker = try await Command.run(["which", "docker"]).output
            .trimmingCharacters(in: .newlines)
        let lines = "echo 'ba95c8cdb89b: Retrying in 1 second'; echo 'unexpected EOF' >&2; exit 1\n"
        try fake.write("pull", lines)
        try await withServer(
            ["--docker", TestEngine.fakeDocker],
            environment: ["FAKE_DOCKER_DIR": fake.folder, "FAKE_DOCKER_REAL": docker]
        ) { server, app in
            let events = try await server.deploy(try request(server, app))
            #expect(events.last?.failureCode == "image_corrupt", "\(events.last?.block ?? "")")
        }
    }

    /// An address of this machine for which the engine, unlike on loopback, insists on TLS.
    private func ownAddress() async throws -> String {
        try await TestEngine.docker(
            "network",
            "inspect",
            "bridge",
            "--format",
            "{{range .IPAM.Config}}{{.Gateway}}{{end}}"
        ).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test func registryThatSpeaksPlainHTTPIsToldWithInsecureRegistries() async throws {
        let address = try await ownAddress()
        try await TestEngine.withRegistry("odd", ["--address", address]) { registry in
            try await withServer { server, app in
                let events = try await server.deploy(
                    try request(server, app, image: "\(registry)/odd:1")
                )
                let failure = events.last?.data["failure"]
                #expect(failure?["code"]?.string == "registry_unreachable")
                #expect(failure?["message"]?.string?.contains("plain HTTP") == true)
                let hint = failure?["hint"]?.string ?? ""
                #expect(hint.contains("name \(registry) under insecure-registries"), "\(hint)")
            }
        }
    }

    @Test func registryWithAnUnknownCertificateIsToldWithThePlaceForIt() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let address = try await ownAddress()
        let made = try await Command.run([
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
            "/CN=registry", "-addext", "subjectAltName=IP:\(address)", "-keyout",
            scratch.path("key"), "-out", scratch.path("certificate"),
        ])
        #expect(made.status == 0, "\(made.errors)")
        let parts = try ["certificate", "key"].map {
            try String(contentsOfFile: scratch.path($0), encoding: .utf8)
        }
        try scratch.write("both", parts.joined())
        try await TestEngine.withRegistry(
            "odd",
            ["--address", address, "--tls", scratch.path("both")]
        ) { registry in
            try await withServer { server, app in
                let events = try await server.deploy(
                    try request(server, app, image: "\(registry)/odd:1")
                )
                let failure = events.last?.data["failure"]
                #expect(failure?["code"]?.string == "registry_unreachable")
                let hint = failure?["hint"]?.string ?? ""
                #expect(hint.contains("/etc/docker/certs.d/\(registry)/ca.crt"), "\(hint)")
            }
        }
    }
}
