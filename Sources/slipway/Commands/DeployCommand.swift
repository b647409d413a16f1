import Client
import Deployments
import Foundation
import Glibc
import Sockets
import Terminal

extension Command {
    static let deploy = Command(
        name: "deploy",
        arguments: "FILE|-",
        summary: "submits the request in the JSON file, or on standard input",
        details: """
            Prints the id and how to watch; -w watches until the end, and the exit status tells what \
            came of it. The file is checked before anything is sent. A script_folder that is not \
            absolute is taken from the file's own folder. A server elsewhere, or one that does not see \
            the folder, is sent what is in it, unless it has that already. Where the server cannot be \
            heard after the \
            request was sent, it is sent again under the same key, and deploys once.
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
                help: "say what would happen and what would stand in the way, and deploy nothing",
                hasVariable: false
            ),
            Option(
                name: "idempotency-key",
                value: "KEY",
                help: "deploy once, however often this key is sent within 24 hours",
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

/// `slipway deploy`.
private struct Deploy {
    let client: ClientOptions
    let options: WatchOptions
    private(set) var file: RequestFile
    let values: OptionValues
    let environment: [String: String]
    /// Under which the request is sent, however often.
    let key: String

    init(_ invocation: Invocation) throws {
        values = invocation.values
        environment = invocation.environment
        client = try ClientOptions(values)
        options = try WatchOptions(values, environment: environment)
        if let key = values.text("idempotency-key"), !ServerConnection.isToken(key) {
            throw UsageError("--idempotency-key must be visible ASCII characters without a blank")
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
                "the answer is no deployment; is this a Slipway server?"
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
                slipway watch\(client.again) \(subject.id) follows it.
                """
            )
        }
        return .success
    }

    /// Ctrl-C, or the time is over, while it is not known whether the request was taken.
    private func endWhereNoAnswerComes(_ timeout: Duration?) async {
        let status: ExitStatus? = await withTaskGroup(of: ExitStatus?.self) { group in
            group.addTask {
                for await _ in Signals.stream(of: [SIGINT]) { return .interrupted }
                return nil
            }
            if let timeout {
                group.addTask {
                    // Cancelled: the answer has come.
                    (try? await Task.sleep(for: timeout)) == nil ? nil : .timedOut
                }
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        guard let status, !Task.isCancelled else { return }
        Slipway.complain("no answer has come. \(mayBeTaken)")
        exit(status.rawValue)
    }

    /// What to do where it is not known whether the request was taken.
    private var mayBeTaken: String {
        "It may have been taken all the same: slipway list\(client.again) tells, and the same"
            + " command with --idempotency-key \(key) follows it instead of deploying twice."
    }

    /// Sends the request, and ends the process if no answer comes in that time.
    private func submit(within timeout: Duration?) async throws(ClientError) -> JSONValue {
        // Ends the process, or is cancelled below.
        let guarding = Task { [self] in await endWhereNoAnswerComes(timeout) }
        defer { guarding.cancel() }
        return try await submit()
    }

    /// Sends the request. Where no answer comes it is sent again under the same key.
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
                // It may have been taken: only the server can tell.
                case .unreachable where (1..<6).contains(attempt): break
                case .lost,
                    .unreachable where attempt > 0:
                    Slipway.complain(mayBeTaken)
                    throw error
                default: throw error
                }
                attempt += 1
            }
            // Half a second, then twice as long each time. Nobody cancels it.
            try? await Task.sleep(for: .milliseconds(250 << attempt))
        }
    }

    /// Sends the folder to a server on another machine.
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

    /// The folder that the server has refused for not seeing it, where it lies on this machine.
    private func unseenFolder(_ error: ClientError) -> String? {
        guard case .refused(let problem) = error else { return nil }
        let isUnseen =
            problem.status == 400 && !problem.faults.isEmpty
            && problem.faults.allSatisfy { $0.field == "script_folder" }
        // Under the same key the folder was sent before.
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
