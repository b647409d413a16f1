internal import Foundation
internal import Sockets
internal import Streams
internal import Subprocess

/// A request by TLS, made by the curl program: it has the certificates, and knows of proxies.
///
/// It gives the answer's bytes as they come over the wire, so that they are read like those of any
/// other connection. What it is to do it reads from a file in memory, and the body from its input:
/// neither the token nor the body can be seen in the list of processes.
@EventLoop
final class CurlProcess: Transport {
    private static let runner = CommandRunner()
    /// A program that the kernel does not let go of is given up after this time.
    private static let patience = Duration.seconds(4)
    private static let longestSaid = 64 << 10

    private let output: CurlOutput
    /// Cancelled when this value is ended or gone.
    private let run: Task<Void, Never>

    /// Starts it.
    ///
    /// - Parameter environment: where `PATH` is, and what curl is given.
    init(
        _ request: OutgoingRequest,
        url: String,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(ClientError) {
        let program = Command.locate("curl", in: environment["PATH"])
        guard program.hasPrefix("/") else {
            throw .unreachable("an https server needs the curl program, which is not on PATH")
        }
        let configuration: MemoryFile
        do throws(SystemError) {
            configuration = try MemoryFile(Array(Self.configuration(request, url: url).utf8))
        } catch {
            throw .unreachable("curl cannot be started: \(error)")
        }
        let output = CurlOutput(silence: request.silence)
        let input = try Self.input(of: request, for: output)
        var command = Command(
            program,
            ["--disable", "--config", configuration.path],
            environment: environment,
            name: "curl",
            input: input == nil ? .none : .stream,
            deadline: nil,
            outputLimit: 0,
            errorLimit: Self.longestSaid
        )
        command.endsWithProgram = true
        self.output = output
        run = Task { [command] in
            let outcome = await Self.runner.run(
                command,
                input: input,
                onOutput: { bytes in EventLoop.post { output.take(bytes) } },
                flow: output.flow
            )
            withExtendedLifetime(configuration) {}
            output.end(outcome)
        }
        output.begin()
    }

    deinit {
        run.cancel()
    }

    private static func input(
        of request: OutgoingRequest,
        for output: CurlOutput
    ) throws(ClientError) -> (any ByteSource)? {
        guard let file = request.file else {
            return request.body.isEmpty ? nil : GivenInput(request.body)
        }
        return try FileInput(file) { EventLoop.post { output.goesOn() } }
    }

    func receive() async throws(ClientError) -> [UInt8] {
        try await output.receive()
    }

    func end() {
        run.cancel()
        output.close()
    }

    /// What curl itself says of a request that came to nothing. Ends it.
    func explanation(of error: ClientError) async -> ClientError {
        end()
        guard case .lost = error, let outcome = await output.outcome(within: Self.patience) else {
            return error
        }
        var status: Int32?
        switch outcome.termination {
        case .exited(let code): status = code
        case .signalled: break
        case .notStarted(let reason):
            return outcome.cancelled ? error : .unreachable("curl cannot be started: \(reason)")
        }
        let said = String(decoding: outcome.errors, as: UTF8.self)
        if let failure = CurlFailure(said: said, status: status) { return failure.error }
        return outcome.inputFailure.map { .lost("the request cannot be sent: \($0)") } ?? error
    }

    /// One option a line; a text stands in quotes with its quotes and backslashes escaped.
    nonisolated static func configuration(_ request: OutgoingRequest, url: String) -> String {
        func quoted(_ text: String) -> String {
            let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
                .replacing("\n", with: "\\n").replacing("\r", with: "\\r")
            return "\"\(escaped)\""
        }
        var lines = [
            "url = \(quoted(url))", "request = \(request.method)", "silent", "show-error",
            "include", "raw", "http1.1", "no-buffer", "suppress-connect-headers",
            "connect-timeout = 10", "globoff",
        ]
        lines += request.allFields.map { "header = \(quoted("\($0.name): \($0.value)"))" }
        if let destination = request.destination {
            // The certificate is still to be that of the URL's host.
            lines += ["connect-to = \(quoted("::\(destination)"))", "noproxy = \"*\""]
            lines.append("path-as-is")
        }
        // A line of it may not be long: curl 7.88 takes 100 KiB.
        if !request.body.isEmpty { lines.append("data-binary = \"@-\"") }
        if let file = request.file {
            // Its length is known, so it goes without chunks; whether the server takes it is not waited for.
            lines += [
                "upload-file = \"-\"", "header = \"Content-Length: \(file.size)\"",
                "header = \"Transfer-Encoding:\"", "header = \"Expect:\"",
            ]
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
