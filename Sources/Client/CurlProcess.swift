import Foundation
internal import Sockets
internal import Synchronization

/// A request by TLS, made by the curl program: it has the certificates, and knows of proxies.
///
/// It gives the answer's bytes as they come over the wire, so that they are read like those of any
/// other connection. What it is to do it reads from standard input: neither the token nor the body
/// can be seen in the list of processes.
final class CurlProcess: Sendable {
    private let process: Mutex<Process>
    private let complaints: FileHandle
    private let number: Int32
    private let input: [UInt8]
    private let silence: Duration

    init(_ request: OutgoingRequest, url: String) throws(ClientError) {
        try Dialing.start()
        let pair: (own: Int32, child: Int32)
        do throws(SystemError) {
            pair = try FileDescriptor.pair()
        } catch {
            throw .unreachable("\(error)")
        }
        let child = FileHandle(fileDescriptor: pair.child, closeOnDealloc: true)
        let errors = Pipe()
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["curl", "--disable", "--config", "-"]
        process.standardInput = child
        process.standardOutput = child
        process.standardError = errors
        do {
            try process.run()
        } catch {
            throw .unreachable("curl cannot be started: \(error.localizedDescription)")
        }
        // Its end is seen once nobody else has that side.
        try? child.close()
        complaints = errors.fileHandleForReading
        number = pair.own
        self.process = Mutex(process)
        silence = request.silence
        input = Array(Self.configuration(request, url: url).utf8)
    }

    /// The connection to it. To be asked for once.
    @EventLoop
    func makeWire() -> Wire {
        let wire = Wire(descriptor: FileDescriptor(owning: number))
        wire.begin(input, silence: silence, endsSending: true)
        return wire
    }

    /// What curl itself says of a request that came to nothing.
    func explanation(of error: ClientError) async -> ClientError {
        end()
        let said = String(decoding: (try? complaints.readToEnd()) ?? Data(), as: UTF8.self)
        let lines = said.split(whereSeparator: \.isNewline).map(String.init)
        let line = lines.first { $0.hasPrefix("curl: (") } ?? lines.last ?? ""
        guard !line.isEmpty else { return error }
        if line.contains("curl") && line.contains("No such file") {
            return .unreachable("an https server needs the curl program, which is not on PATH")
        }
        // `curl: (60) SSL certificate problem: …`
        let reason = line.split(separator: ") ", maxSplits: 1).last.map(String.init) ?? line
        if case .lost(let what) = error, !what.hasPrefix("the server closed") {
            return .lost(reason)
        }
        return .unreachable(reason)
    }

    /// Ends the program.
    func end() {
        process.withLock { process in
            if process.isRunning { process.terminate() }
        }
    }

    /// One option a line; a text stands in quotes with its quotes and backslashes escaped.
    private static func configuration(_ request: OutgoingRequest, url: String) -> String {
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
        // No file is meant, whatever the body begins with.
        if !request.body.isEmpty {
            lines.append("data-raw = \(quoted(String(decoding: request.body, as: UTF8.self)))")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
