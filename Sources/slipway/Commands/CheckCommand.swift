import API
import Client
import Deployments
import Docker
import Doctor
import Foundation
import HTTP
import Terminal

extension Command {
    static let check = Command(
        name: "check",
        summary: "finds out what is wrong with an installation",
        details: """
            Takes the options and environment variables of serve, checks everything that a server \
            with them depends on, and says of each thing: ok, warning, or wrong with what to do. \
            It starts and changes nothing. The exit status is 0 if nothing is wrong, otherwise 1. \
            Run it as the server's user.
            """,
        options: [
            Option(
                name: "url",
                value: "URL",
                help:
                    "also check how others reach the server at this address, and whether a proxy "
                    + "buffers streams",
                hasVariable: false
            ),
            Option(
                name: "running",
                help:
                    "only check whether the server answers and is ready, as a container's health check does",
                hasVariable: false
            ),
            ClientOptions.json,
            Option(name: "plain", help: "use no colours", hasVariable: false),
        ] + ServeOptions.table + ClientOptions.table.filter { $0.name != "server" },
        run: { invocation in
            let values = invocation.values
            let doctor = try doctor(values, invocation.environment)
            let findings = await doctor.findings(
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

    /// The checks to make. If some options are wrong, the others are checked all the same.
    private static func doctor(
        _ values: OptionValues,
        _ environment: [String: String]
    ) throws(UsageError) -> Doctor {
        var doctor = Doctor(dataFolder: ServeOptions.dataFolder(values, environment))
        let roots = values.texts("scripts-root")
        doctor.roots = roots.isEmpty ? [FileManager.default.currentDirectoryPath] : roots
        doctor.tokens = values.text("tokens")
        doctor.tokensFault = { TokenFile.fault(in: $0) }
        doctor.credentials = environment["CREDENTIALS_DIRECTORY"]
        doctor.path = environment["PATH"]
        doctor.token = try ClientOptions.token(values)
        if let url = values.text("url") {
            do throws(ServerAddress.ParseError) {
                let address = try ServerAddress(parsing: url)
                let server = ServerConnection(address: address, token: doctor.token)
                doctor.url = (url, server)
            } catch {
                throw UsageError("--url \(error.reason)")
            }
        }
        doctor.eventStreams = ServerLimits().eventStreams
        do throws(UsageError) {
            // The scripts roots have a check of their own.
            let options = try ServeOptions(values.without("scripts-root"), environment: environment)
            doctor.docker = options.docker
            doctor.address = options.address
            doctor.eventStreams = options.limits.eventStreams
        } catch {
            doctor.optionFault = error.message
            let host = values.text("docker-host")
            let context = values.text("docker-context")
            if host == nil || context == nil {
                doctor.docker = DockerConfiguration(
                    executable: values.text("docker") ?? "docker",
                    endpoint: host.map { .host($0) } ?? context.map { .context($0) },
                    environment: environment
                )
            }
            doctor.address =
                if let text = values.text("listen") { try? ListenAddress(parsing: text) } else {
                    ServeOptions.usual.address
                }
        }
        return doctor
    }
}
