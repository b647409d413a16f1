import Client
import Deployments
import Foundation
import Glibc
import Sockets
import Terminal
import Threads

extension Command {
    static let deploy = Command(
        name: "deploy",
        arguments: "FILE|-",
        summary: "submits the request in a JSON file or on standard input",
        details: """
            Prints the deployment's id and how to watch it. With -w it watches until the end, and the \
            exit status says how the deployment ended. The file is checked before anything is sent. A \
            script_folder that is not absolute is relative to the file's folder. If the server is on \
            another machine or does not see the folder, the folder's content is sent, unless the \
            server has it already. If no answer comes, the request is sent again under the same key, \
            so it deploys once.
            """,
        options: [
            Option(
                name: "watch",
                short: "w",
                help: "watch until the end",
                hasVariable: false
            )
        ] + RequestFile.options + [
            Option(
                name: "dry-run",
                help: "show what would happen and what would prevent it, and deploy nothing",
                hasVariable: false
            ),
            Option(
                name: "idempotency-key",
                value: "KEY",
                help: "deploy once, however often requests with this key come within 24 hours",
                hasVariable: false
            ),
        ] + WatchOptions.table + ClientOptions.table,
        count: 1...1,
        run: {
            var deploy = try Deploy($0)
            return try await deploy.run()
        }
    )
}

/// A run of `slipway deploy`.
private struct Deploy {
    let client: ClientOptions
    let options: WatchOptions
    private(set) var file: RequestFile
    let values: OptionValues
    let environment: [String: String]
    /// The idempotency key with which the request is sent, also when it is sent again.
    let key: String

    init(_ invocation: Invocation) throws {
        values = invocation.values
        environment = invocation.environment
        client = try ClientOptions(values)
        options = try WatchOptions(values, environment: environment)
        if let key = values.text("idempotency-key"), !ServerConnection.isToken(key) {
            throw UsageError(
                "--idempotency-key must consist of visible ASCII characters, without a blank"
            )
        }
        key = values.text("idempotency-key") ?? DeploymentID().text
        file = try RequestFile(invocation.argument, values, environment)
    }

    mutating func run() async throws -> ExitStatus {
        try await sendFolderElsewhere()
        if try values.flag("dry-run") { return try await dryRun() }
        let isWatched = try values.flag("watch")
        let timeout = options.timeout ?? (isWatched ? WatchOptions.standardTimeout : nil)
        var began = ContinuousClock.now
        var record: JSONValue
        do throws(ClientError) {
            record = try await submit(within: timeout)
        } catch {
            guard let folder = unseenFolder(error) else { throw error }
            try await send(folder)
            began = .now
            record = try await submit(within: timeout)
        }
        guard let subject = WatchSubject(record) else {
            throw ClientError.notUnderstood(
                "the answer is not a deployment; is this a Slipway server?"
            )
        }
        if isWatched {
            var options = options
            options.timeout = timeout.map { max(.zero, $0 - (ContinuousClock.now - began)) }
            try EventLoop.start()
            let watching = await Watching(
                client,
                options,
                severalNames: false,
                environment: environment
            )
            return await watching.follow([subject])
        }
        if options.isJSON {
            Slipway.say(record.text)
        } else if options.isQuiet {
            Slipway.say(subject.id.text)
        } else {
            Slipway.say(
                """
                Deployment \(subject.id) of \(printable(subject.app)) is accepted.
                To follow it, run: slipway watch\(client.again) \(subject.id)
                """
            )
        }
        return .success
    }

    /// Ends the process on Ctrl-C, or when the time is over, while no answer has come and it is not
    /// known whether the server has accepted the request.
    private func endWhereNoAnswerComes(_ timeout: Duration?) async {
        let status: ExitStatus? = await withTaskGroup(of: ExitStatus?.self) { group in
            group.addTask {
                for await _ in Signals.stream(of: [SIGINT]) { return .interrupted }
                return nil
            }
            if let timeout {
                group.addTask {
                    // It is cancelled when the answer comes.
                    (try? await Task.pause(for: timeout)) == nil ? nil : .timedOut
                }
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        guard let status, !Task.isCancelled else { return }
        Slipway.complain("the server has not answered. \(mayBeTaken)")
        exit(status.rawValue)
    }

    /// What to do if it is not known whether the server has accepted the request.
    private var mayBeTaken: String {
        "It may have accepted the request: slipway list\(client.again) shows it then. The same"
            + " command with --idempotency-key \(key) does not deploy twice."
    }

    /// Sends the request, and ends the process if no answer comes in that time.
    private func submit(within timeout: Duration?) async throws(ClientError) -> JSONValue {
        // The task ends the process, or is cancelled below.
        let guarding = Task { [self] in await endWhereNoAnswerComes(timeout) }
        defer { guarding.cancel() }
        return try await submit()
    }

    /// Sends the request. If no answer comes, it is sent again under the same key.
    private func submit() async throws(ClientError) -> JSONValue {
        var attempt = 0
        while true {
            do throws(ClientError) {
                return try await client.server.json(
                    "POST",
                    "/api/deployments",
                    body: file.json,
                    idempotencyKey: key
                )
            } catch {
                switch error {
                case .lost(let reason) where attempt < 6:
                    Slipway.complain("no answer (\(reason)); sending it again under the same key")
                // The server may have accepted the request, so it is asked again.
                case .unreachable where (1..<6).contains(attempt): break
                case .lost,
                    .unreachable where attempt > 0:
                    Slipway.complain(mayBeTaken)
                    throw error
                default: throw error
                }
                attempt += 1
            }
            // Half a second at first, then twice as long each time. Nothing cancels the task.
            try? await Task.pause(for: .milliseconds(250 << attempt))
        }
    }

    /// Sends the folder if the server is on another machine.
    private mutating func sendFolderElsewhere() async throws {
        guard !client.server.address.isLocal, let folder = file.localFolder else { return }
        try await send(folder)
    }

    private mutating func send(_ folder: String) async throws {
        let isQuiet = options.isQuiet || options.isJSON
        let upload = FolderUpload(
            server: client.server,
            screen: isQuiet ? nil : Screen(plain: options.isPlain, environment: environment),
            environment: environment
        )
        file.replaceFolder(withArchive: try await upload.send(folder, keeping: file.dockerfile))
    }

    /// The folder of the request if it is on this machine and the server says that it does not see it.
    private func unseenFolder(_ error: ClientError) -> String? {
        guard case .refused(let problem) = error else { return nil }
        let isUnseen =
            problem.status == 400 && !problem.faults.isEmpty
            && problem.faults.allSatisfy { $0.field == "script_folder" }
        // The same key was used before, when the folder was sent as an archive.
        let wasSent = problem.status == 409 && values.text("idempotency-key") != nil
        return isUnseen || wasSent ? file.localFolder : nil
    }

    private func check() async throws(ClientError) -> JSONValue {
        try await client.server.json("POST", "/api/deployments/check", body: file.json)
    }

    private mutating func dryRun() async throws -> ExitStatus {
        let report: JSONValue
        do throws(ClientError) {
            report = try await check()
        } catch {
            guard let folder = unseenFolder(error) else { throw error }
            try await send(folder)
            report = try await check()
        }
        if options.isJSON {
            Slipway.say(report.text)
        } else {
            let screen = Screen(plain: options.isPlain, environment: environment)
            await screen.update(CheckReportText.lines(report, style: screen.style))
        }
        return report["ok"]?.bool == true ? .success : .failed
    }
}
