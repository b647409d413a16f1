import Deployments
import Docker
import Engine
import Foundation
import Subprocess
import Testing

struct DockerConfigurationTests {
    @Test func aHostOutranksTheEnvironmentsHostAndContext() throws {
        let configuration = DockerConfiguration(
            endpoint: .host("tcp://h:1"),
            environment: ["DOCKER_HOST": "x", "DOCKER_CONTEXT": "y", "A": "b"]
        )
        #expect(configuration.environment["DOCKER_HOST"] == "tcp://h:1")
        #expect(configuration.environment["DOCKER_CONTEXT"] == nil)
        #expect(configuration.environment["A"] == "b")
        #expect(configuration.environment["DOCKER_CLI_HINTS"] == "false")
    }

    @Test func aContextOutranksTheEnvironmentsHost() throws {
        let configuration = DockerConfiguration(
            endpoint: .context("far"),
            environment: ["DOCKER_HOST": "x", "DOCKER_DEFAULT_PLATFORM": "p"]
        )
        #expect(configuration.environment["DOCKER_CONTEXT"] == "far")
        #expect(configuration.environment["DOCKER_HOST"] == nil)
        #expect(configuration.environment["DOCKER_DEFAULT_PLATFORM"] == nil)
    }

    @Test func theEnvironmentsOwnChoiceIsKept() throws {
        let environment = ["DOCKER_HOST": "x", "DOCKER_CONFIG": "/c", "HOME": "/h"]
        let configuration = DockerConfiguration(environment: environment)
        #expect(configuration.environment["DOCKER_HOST"] == "x")
        #expect(configuration.configurationFolder == "/c")
        #expect(
            DockerConfiguration(environment: ["HOME": "/h"]).configurationFolder == "/h/.docker"
        )
        #expect(DockerConfiguration(environment: [:]).configurationFolder == nil)
    }

    @Test func theProgramIsLookedUpInPath() throws {
        let environment = ["PATH": "relative:/nonexistent:/usr/bin:/bin"]
        let found = DockerConfiguration(executable: "env", environment: environment)
        #expect(found.executable == "/usr/bin/env")
        let folder = DockerConfiguration(executable: "bin", environment: ["PATH": "/usr"])
        #expect(folder.executable == "bin")
        #expect(DockerConfiguration(executable: "/x/y", environment: [:]).executable == "/x/y")
        let relative = DockerConfiguration(executable: "x/y", environment: [:]).executable
        #expect(relative == "\(FileManager.default.currentDirectoryPath)/x/y")
    }
}

struct DockerCommandCallTests {
    @Test func commandsVariablesAreAddedToTheConfigurations() {
        let configuration = DockerConfiguration(
            executable: "/usr/bin/env",
            environment: ["KEPT": "1", "CHANGED": "1"]
        )
        var command = DockerCommand("container ls", ["--all"])
        command.environment = ["CHANGED": "2"]
        let call = command.command(of: configuration, tag: "mine")
        #expect(call.program == "/usr/bin/env" && call.arguments == ["container", "ls", "--all"])
        #expect(call.environment["KEPT"] == "1" && call.environment["CHANGED"] == "2")
        #expect(call.name == "container ls" && call.tag == "mine")
        #expect(call.isNoise(Array("5b98a1b2c3d4: Pull complete".utf8)))
    }
}

struct PrivateConfigurationTests {
    private let auth = Credentials(username: "alice", password: "s3:cret")

    private func folder() throws -> String {
        let path = "\(NSTemporaryDirectory())/private-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }

    @Test func credentialsAreWrittenForOneRegistryAndForNobodyElsesEyes() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let base = DockerConfiguration(environment: [:])
        let configuration = try PrivateConfiguration(
            directory: "\(folder)/a/b",
            auth: auth,
            image: "r.io:5000/x/y:1",
            base: base
        )
        #expect(configuration.environment == ["DOCKER_CONFIG": "\(folder)/a/b"])
        #expect(try mode("\(folder)/a/b") == 0o700)
        #expect(try mode("\(folder)/a/b/config.json") == 0o600)
        let data = try #require(FileManager.default.contents(atPath: "\(folder)/a/b/config.json"))
        let json = try JSONValue(parsing: Array(data))
        #expect(json == ["auths": ["r.io:5000": ["auth": "YWxpY2U6czM6Y3JldA=="]]])
        configuration.remove()
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/a/b"))
        #expect(FileManager.default.fileExists(atPath: "\(folder)/a"))
    }

    @Test func theUsersContextsAndCertificatesStayUsableAndAreNotRemoved() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let files = FileManager.default
        try files.createDirectory(
            atPath: "\(folder)/user/contexts/meta",
            withIntermediateDirectories: true
        )
        _ = files.createFile(atPath: "\(folder)/user/contexts/meta/x", contents: Data("x".utf8))
        _ = files.createFile(atPath: "\(folder)/user/ca.pem", contents: Data("ca".utf8))
        let users = #"{"currentContext":"far","credsStore":"secret","auths":{"q":{}}}"#
        _ = files.createFile(atPath: "\(folder)/user/config.json", contents: Data(users.utf8))
        let base = DockerConfiguration(environment: ["DOCKER_CONFIG": "\(folder)/user"])
        for _ in 0..<2 {
            let configuration = try PrivateConfiguration(
                directory: "\(folder)/own",
                auth: auth,
                image: "busybox",
                base: base
            )
            #expect(files.fileExists(atPath: "\(folder)/own/contexts/meta/x"))
            #expect(files.contents(atPath: "\(folder)/own/ca.pem") == Data("ca".utf8))
            let data = try #require(files.contents(atPath: "\(folder)/own/config.json"))
            let json = try JSONValue(parsing: Array(data))
            #expect(json["currentContext"] == "far")
            #expect(json["credsStore"] == nil)
            #expect(json["auths"]?.members?.map(\.name) == ["https://index.docker.io/v1/"])
            if configuration.folder.isEmpty { break }
        }
        let again = try PrivateConfiguration(
            directory: "\(folder)/own",
            auth: auth,
            image: "busybox",
            base: base
        )
        again.remove()
        #expect(!files.fileExists(atPath: "\(folder)/own"))
        #expect(files.fileExists(atPath: "\(folder)/user/contexts/meta/x"))
    }

    @Test func aMalformedImageLeavesNothingBehind() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let base = DockerConfiguration(environment: [:])
        #expect(throws: ImageReference.Malformed.self) {
            try PrivateConfiguration(
                directory: "\(folder)/own",
                auth: auth,
                image: "-x",
                base: base
            )
        }
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/own"))
    }
}
