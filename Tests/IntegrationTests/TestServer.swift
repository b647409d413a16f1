import Deployments
import Foundation

/// A `slipway serve` of its own for one test, with a data directory and a scripts root of its own.
final class TestServer: Sendable {
    let scratch: Scratch
    let url: String
    let processID: Int32
    private let process: Process
    private let ended: AsyncStream<Void>

    /// Where what is deployed lies.
    var root: String { scratch.path("apps") }
    var data: String { scratch.path("data") }
    var log: String { scratch.path("log") }

    /// The program beside the tests, or the one the environment names.
    static let binary: String =
        ProcessInfo.processInfo.environment["SLIPWAY_BINARY"]
        ?? Bundle.main.executableURL.map { $0.deletingLastPathComponent().path + "/slipway" }
        ?? "slipway"

    /// Starts a server and waits until it accepts.
    init(
        _ options: [String] = [],
        environment: [String: String] = [:],
        scratch: Scratch? = nil
    ) async throws {
        let scratch = try scratch ?? Scratch()
        self.scratch = scratch
        try FileManager.default.createDirectory(
            atPath: scratch.path("apps"),
            withIntermediateDirectories: true
        )
        _ = FileManager.default.createFile(atPath: scratch.path("log"), contents: nil)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.binary)
        process.arguments =
            [
                "serve", "--listen", "127.0.0.1:0", "--data", scratch.path("data"),
                "--scripts-root", scratch.path("apps"), "--rate", "100000", "--burst", "100000",
            ] + options
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle(forWritingAtPath: scratch.path("log"))
        let (ended, continuation) = AsyncStream.makeStream(of: Void.self)
        process.terminationHandler = { _ in continuation.finish() }
        self.ended = ended
        try process.start()
        self.process = process
        processID = process.processIdentifier
        let line = await output.firstLine()
        guard line.hasPrefix("listening on ") else {
            let log = FileManager.default.contents(atPath: scratch.path("log")) ?? Data()
            throw TestFailure("the server ended: \(String(decoding: log, as: UTF8.self))")
        }
        url = String(line.dropFirst("listening on ".count))
    }

    deinit {
        // A test that has failed may not have ended it.
        if process.isRunning { kill(processID, SIGKILL) }
    }

    /// Sends a signal and waits for the server's end; gives its exit status.
    @discardableResult
    func end(_ signal: Int32 = SIGTERM) async -> Int32 {
        if process.isRunning { kill(processID, signal) }
        for await _ in ended {}
        return process.terminationStatus
    }

    /// Ends the server and takes its folder away.
    func stop() async {
        await end()
        scratch.remove()
    }

    /// Writes a folder below the scripts root and gives its path.
    func app(_ name: String, _ files: [String: String]) throws -> String {
        try FileManager.default.createDirectory(
            atPath: "\(root)/\(name)",
            withIntermediateDirectories: true
        )
        for (path, text) in files { try scratch.write("apps/\(name)/\(path)", text) }
        return "\(root)/\(name)"
    }

    // MARK: Requests

    /// An HTTP answer.
    struct Answer: Sendable {
        let status: Int
        let headers: [String: String]
        let body: String

        var json: JSONValue {
            get throws { try JSONValue(parsing: Array(body.utf8)) }
        }
    }

    /// Asks the server with curl, in whose arguments no value of the body is seen.
    func request(
        _ method: String,
        _ path: String,
        body: JSONValue? = nil,
        headers: [String: String] = [:],
        maxTime: Int = 120
    ) async throws -> Answer {
        var arguments = [
            "curl", "-sS", "--no-buffer", "-i", "-X", method, "--max-time", "\(maxTime)",
        ]
        for (name, value) in headers { arguments += ["-H", "\(name): \(value)"] }
        if body != nil {
            arguments += ["-H", "Content-Type: application/json", "--data-binary", "@-"]
        }
        let command = try await Command.run(arguments + ["\(url)\(path)"], input: body?.text)
        guard command.status == 0 else { throw TestFailure("curl: \(command.errors)") }
        return try Self.parse(command.output)
    }

    private static func parse(_ text: String) throws -> Answer {
        // Swift takes CR LF for one character.
        let parts = text.split(
            separator: "\r\n\r\n",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        let lines = parts[0].split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { throw TestFailure("no status line: \(text.prefix(200))") }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] =
                line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        return Answer(
            status: status,
            headers: headers,
            body: parts.count > 1 ? String(parts[1]) : ""
        )
    }

    /// Deploys and gives the stream's events.
    func deploy(_ body: JSONValue) async throws -> [StreamEvent] {
        let answer = try await request("POST", "/api/deploy/docker-registry/stream", body: body)
        guard answer.status == 200 else { throw TestFailure("\(answer.status): \(answer.body)") }
        return try StreamEvent.parse(answer.body)
    }

    /// Asks for a deployment without watching it; gives its id.
    func submit(_ body: JSONValue) async throws -> String {
        let answer = try await request("POST", "/api/deployments", body: body)
        guard answer.status == 202, let id = try answer.json["id"]?.string else {
            throw TestFailure("\(answer.status): \(answer.body)")
        }
        return id
    }

    /// Waits until a deployment has reached a stage, or passed it.
    func reach(_ stage: String, _ id: String) async throws -> JSONValue {
        var after: Int64 = 0
        for _ in 0..<2000 {
            let answer = try await request(
                "GET",
                "/api/deploy/progress/\(id)?after=\(after)&wait=30"
            )
            guard answer.status == 200 else {
                throw TestFailure("\(answer.status): \(answer.body)")
            }
            let event = try answer.json
            after = event["event_id"]?.integer ?? after
            if event["stage"]?.string == stage || event["result"] != nil { return event }
        }
        throw TestFailure("\(id) never reached \(stage)")
    }

    /// All events of a deployment, to its end.
    func events(_ id: String) async throws -> [StreamEvent] {
        try StreamEvent.parse(try await request("GET", "/api/deployments/\(id)/stream").body)
    }

    func record(_ id: String) async throws -> JSONValue {
        try await request("GET", "/api/deployments/\(id)").json
    }

    /// The server's child processes, one a line, but for those that follow the engine as long as
    /// the server lives.
    func children() async throws -> [String] {
        let list = try await Command.run(["ps", "-o", "pid=,args=", "--ppid", "\(processID)"])
        return list.output.split(separator: "\n").map(String.init).filter { line in
            !line.contains(" events --format") && !line.contains(" info --format")
        }
    }

    /// Waits until the server has looked for what other servers may have left in the engine, which
    /// it does once as it starts: from then on its child processes, but for those that `children`
    /// leaves out, are those of deployments.
    func settle() async throws {
        let looked = "slipway_docker_commands_total{verb=\"ps\""
        var settled = 0
        for _ in 0..<2000 {
            let lines = try await request("GET", "/metrics").body.split(separator: "\n")
            // What follows the list starts at once, but not in the same moment.
            let isDone =
                lines.contains { $0.hasPrefix(looked) }
                && lines.contains("slipway_docker_commands_running 1")
            settled = isDone ? settled + 1 : 0
            if settled == 3 { return }
        }
        throw TestFailure("the server is still looking around")
    }

    /// What the server has logged, a line each.
    var logLines: [String] {
        let bytes = FileManager.default.contents(atPath: log) ?? Data()
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

/// One event as it was streamed.
struct StreamEvent: Sendable, Equatable {
    let id: Int64
    let data: JSONValue
    /// The block's bytes, without `retry`.
    let block: String

    var stage: String { data["stage"]?.string ?? "" }
    var progress: Int64 { data["progress"]?.integer ?? -1 }
    var message: String { data["message"]?.string ?? "" }
    var failureCode: String? { data["failure"]?["code"]?.string }

    /// The blocks of a stream that has ended; comments are passed over.
    static func parse(_ body: String) throws -> [StreamEvent] {
        try body.split(separator: "\n\n").compactMap { block in
            var lines = block.split(separator: "\n")
            if lines.first?.hasPrefix(":") == true { return nil }
            if lines.first?.hasPrefix("retry: ") == true { lines.removeFirst() }
            guard lines.count == 2, lines[0].hasPrefix("id: "), lines[1].hasPrefix("data: "),
                let id = Int64(lines[0].dropFirst(4))
            else { throw TestFailure("not an event: \(block)") }
            return StreamEvent(
                id: id,
                data: try JSONValue(parsing: Array(lines[1].dropFirst(6).utf8)),
                block: lines.joined(separator: "\n")
            )
        }
    }
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Asks until there is an answer, for five minutes at most.
func eventually<Value>(
    _ what: String,
    _ answer: () async throws -> Value?
) async throws -> Value {
    let end = ContinuousClock.now + .seconds(300)
    while ContinuousClock.now < end {
        if let value = try await answer() { return value }
        // Leaves the machine to what is waited for.
        try await Task.sleep(for: .milliseconds(20))
    }
    throw TestFailure("not in time: \(what)")
}
