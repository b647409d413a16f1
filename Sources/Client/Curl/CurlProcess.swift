internal import Foundation
internal import Glibc
internal import Sockets
internal import Threads

/// A request by TLS, made by the curl program: it has the certificates, and knows of proxies.
///
/// It gives the answer's bytes as they come over the wire, so that they are read like those of any
/// other connection. What it is to do it reads from standard input, and the body from a file in
/// memory: neither the token nor the body can be seen in the list of processes.
final class CurlProcess: Sendable {
    /// The connection to it, on which the answer comes.
    let wire: ClientConnection
    private let child: CurlChild

    @EventLoop
    init(_ request: OutgoingRequest, url: String) throws(ClientError) {
        do throws(SystemError) {
            let pair = try FileDescriptor.pair()
            let own = FileDescriptor(owning: pair.own)
            let other = FileDescriptor(owning: pair.child)
            child = try CurlChild(socket: other, body: request.body)
            wire = ClientConnection(descriptor: own)
        } catch {
            throw .unreachable(
                error.code == ENOENT
                    ? "an https server needs the curl program, which is not on PATH"
                    : "curl cannot be started: \(error)"
            )
        }
        let input = Array(Self.configuration(request, url: url).utf8)
        wire.begin(input, silence: request.silence, endsSending: true)
    }

    /// Tells how far it has come in a file that it sends, until it has ended.
    func tellPosition(in file: OutgoingFile) {
        let (child, wire) = (child, wire)
        // The kernel tells where links lead.
        let path = URL(fileURLWithPath: file.path).resolvingSymlinksInPath().path
        // Ends with the program.
        Task {
            var before: Int64 = 0
            while let position = child.position(in: path) {
                file.progress(position)
                if position > before { await wire.goesOn() }
                before = position
                try? await Task.pause(for: .milliseconds(100))  // Nobody cancels it.
            }
        }
    }

    /// What curl itself says of a request that came to nothing. Ends it.
    func explanation(of error: ClientError) async -> ClientError {
        let ending = await withCheckedContinuation { continuation in
            child.end { continuation.resume(returning: $0) }
        }
        guard case .lost = error, let ending,
            let failure = CurlFailure(said: ending.said, status: ending.status)
        else { return error }
        return failure.error
    }

    /// Ends the program. Once is enough, and more do no harm.
    func end() {
        child.end()
    }

    /// One option a line; a text stands in quotes with its quotes and backslashes escaped.
    static func configuration(_ request: OutgoingRequest, url: String) -> String {
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
        if !request.body.isEmpty {
            lines.append("data-binary = \"@/dev/fd/\(CurlChild.bodyNumber)\"")
        }
        if let file = request.file {
            // Whether the server takes it is not waited for.
            lines += ["upload-file = \(quoted(file.path))", "header = \"Expect:\""]
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
