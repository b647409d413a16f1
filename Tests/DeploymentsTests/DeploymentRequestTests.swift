import Deployments
import Testing

@Suite struct DeploymentRequestTests {
    private let full: DeploymentRequest = {
        var request = DeploymentRequest(
            app: "shop",
            folder: "/srv/shop",
            containerName: "shop",
            image: "a/b:1"
        )
        request.platform = "linux/arm64"
        request.ports = [
            PortMapping(name: "aux", container: 80),
            PortMapping(name: "web", container: 81, host: 82, bind: "::1", path: "/up"),
        ]
        request.environmentValues = ["TOKEN": "hunter2hunter2", "EMPTY": ""]
        request.health = HealthPolicy(timeoutSeconds: 9, require: .named(["web"]))
        request.copy = .beforeStart
        request.pull = .missing
        request.onConflict = .reject
        request.command = ["serve", "--x"]
        request.memory = "64m"
        request.cpus = "1.5"
        request.network = "back"
        request.labels = ["b": "2", "a": "1"]
        request.registryAuth = Credentials(username: "robot-account", password: "swordfish")
        request.metadata = ["z": .null, "a": .array([.bool(true)])]
        request.replaceableApps = ["shop"]
        return request
    }()

    @Test func keptRequestHasNoSecret() {
        let text = full.json.text
        for secret in ["hunter2", "robot-account", "swordfish"] {
            #expect(!text.contains(secret))
        }
        #expect(DeploymentRequest.environmentNames(full.json) == ["EMPTY", "TOKEN"])
        #expect(DeploymentRequest.registryAuthWasGiven(full.json))
    }

    @Test(arguments: [HealthPolicy.Requirement.primary, .all, .none, .named(["web"])])
    func keptRequestIsRestoredButForCredentials(_ require: HealthPolicy.Requirement) throws {
        var request = full
        request.health.require = require
        let json = try JSONValue(parsing: Array(request.json.text.utf8))
        let restored = DeploymentRequest(json: json)
        request.registryAuth = nil
        request.environmentValues = [:]
        #expect(restored == request)
    }

    @Test func leastRequestIsRestored() throws {
        let request = DeploymentRequest(app: "a", folder: "/a", containerName: "aa", image: "a")
        let json = try JSONValue(parsing: Array(request.json.text.utf8))
        #expect(DeploymentRequest(json: json) == request)
        #expect(!DeploymentRequest.registryAuthWasGiven(json))
    }

    @Test func everyMissingMemberThatIsNeededMakesItUnreadable() {
        let members = full.json.members ?? []
        let optional: Set = [
            "platform", "command", "memory", "cpus", "network", "metadata", "replaceable_apps",
            // Older versions have written neither.
            "secret_names", "settings",
        ]
        for member in members where !optional.contains(member.name) {
            guard member.name != "registry_auth_given" else { continue }
            let rest = JSONValue.object(members.filter { $0.name != member.name })
            #expect(DeploymentRequest(json: rest) == nil)
        }
    }
}
