import API
import Checkup
import Client
import Deployments
import Docker
import Foundation
import HTTP
import Terminal

extension Command {
    static let check = Command(
        name: "check",
        summary: "what is wrong with an installation",
        details: """
            Takes the options of serve, and their environment variables, and says how each matter \
            stands that a server with them meets: ok, warning, or wrong and what to do. Starts \
            nothing and changes nothing. The exit status is 0 where nothing is wrong, else 1. To \
            be run as the server's own user.
            """,
        options: [
            Option(
                name: "url",
                value: "URL",
                help:
                    "look also how others reach the server at this address, and whether a proxy holds streams back",
                hasVariable: false
            ),
            Option(
                name: "running",
                help:
                    "look only whether the server answers and is ready, as a container's health check does",
                hasVariable: false
            ),
            ClientOptions.json,
            Option(name: "plain", help: "use no colours", hasVariable: false),
        ] + ServeOptions.table + ClientOptions.table.filter { $0.name != "server" },
        run: { invocation in
            let values = invocation.values
            let checkup = try checkup(values, invocation.environment)
            let findings = await checkup.findings(
                try values.flag("running") ? .runningServer : .everything
            )
            let isWell = !findings.contains { $0.verdict == .wrong }
            if try values.flag("json") {
                let json: JSONValue = [
                    "ok": .bool(isWell), "version": .string(ProgramVersion.version),
                    "findings": .array(findings.map(\.json)),
                ]
                Slipway.say(json.text)
            } else {
                let screen = Screen(
                    plain: try values.flag("plain"),
                    environment: invocation.environment
                )
                await screen.update(findings.map { CheckText.line($0, style: screen.style) })
            }
            return isWell ? .success : .failed
        }
    )

    /// What is to be looked at. Options that are wrong are no reason not to look at the others.
    private static func checkup(
        _ values: OptionValues,
        _ environment: [String: String]
    ) throws(UsageError) -> Checkup {
        var checkup = Checkup(dataFolder: ServeOptions.dataFolder(values, environment))
        let roots = values.texts("scripts-root")
        checkup.roots = roots.isEmpty ? [FileManager.default.currentDirectoryPath] : roots
        checkup.tokens = values.text("tokens")
        checkup.tokensFault = { TokenFile.fault(in: $0) }
        checkup.credentials = environment["CREDENTIALS_DIRECTORY"]
        checkup.path = environment["PATH"]
        checkup.token = try ClientOptions.token(values)
        if let url = values.text("url") {
            do throws(ServerAddress.ParseError) {
                let address = try ServerAddress(parsing: url)
                let server = ServerConnection(address: address, token: checkup.token)
                checkup.url = (url, server)
            } catch {
                throw UsageError("--url \(error.reason)")
            }
        }
        checkup.eventStreams = ServerLimits().eventStreams
        do throws(UsageError) {
            // The roots are looked at by themselves.
            let options = try ServeOptions(values.without("scripts-root"), environment: environment)
            checkup.docker = options.docker
            checkup.address = options.address
            checkup.eventStreams = options.limits.eventStreams
        } catch {
            checkup.optionFault = error.message
            let host = values.text("docker-host")
            let context = values.text("docker-context")
            if host == nil || context == nil {
                checkup.docker = DockerConfiguration(
                    executable: values.text("docker") ?? "docker",
                    endpoint: host.map { .host($0) } ?? context.map { .context($0) },
                    environment: environment
                )
            }
            checkup.address =
                if let text = values.text("listen") { try? ListenAddress(parsing: text) } else {
                    ServeOptions.usual.address
                }
        }
        return checkup
    }
}
