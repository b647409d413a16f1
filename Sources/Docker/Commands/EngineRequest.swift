import Deployments
import Subprocess

/// A request to the engine's own interface, sent through `docker system dial-stdio`. The client connects
/// its standard input and output to the engine, whichever host or context it uses.
enum EngineRequest {
    /// The bytes of a request. It is of HTTP/1.0, so the answer ends with the connection.
    static func post(_ target: String, _ body: JSONValue) -> [UInt8] {
        let content = Array(body.text.utf8)
        let head =
            "POST \(target) HTTP/1.0\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(content.count)\r\n\r\n"
        return Array(head.utf8) + content
    }

    /// The outcome of the request in the form of a docker command's. The output is what `result` takes
    /// from the answer; if the engine refuses, its message is among the errors.
    static func outcome(
        _ outcome: CommandOutcome,
        _ result: (JSONValue) -> String?
    ) -> CommandOutcome {
        guard outcome.succeeded else { return outcome }
        var told = outcome
        guard let (status, content) = parse(outcome.output) else {
            told.termination = .exited(1)
            // The client says nothing if the engine breaks off.
            told.errorLines.append("Error response from daemon: unexpected EOF")
            return told
        }
        let json = try? JSONValue(parsing: Array(content))
        if (200..<300).contains(status), let json, let text = result(json) {
            told.output = Array(text.utf8)
            return told
        }
        let message = json?["message"]?.string ?? "the engine answered with status \(status)"
        told.termination = .exited(1)
        told.output = []
        told.errorLines += "Error response from daemon: \(message)".split(separator: "\n").suffix(
            20
        )
        .map { String($0.prefix(2048)) }
        return told
    }

    /// The status and the content of an HTTP/1 answer; nil if its head is malformed or incomplete.
    private static func parse(_ answer: [UInt8]) -> (status: Int, content: ArraySlice<UInt8>)? {
        let end = Array("\r\n\r\n".utf8)
        guard answer.starts(with: "HTTP/1.".utf8),
            let head = answer.firstRange(of: end)
        else { return nil }
        let lines = String(decoding: answer[..<head.lowerBound], as: UTF8.self)
            .split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, let status = Int(words[1]) else { return nil }
        return (status, answer[head.upperBound...])
    }
}

extension DockerCommand {
    /// Connects its standard input and output to the engine.
    static func engineRequest() -> DockerCommand {
        DockerCommand("system dial-stdio", input: .stream, deadline: .seconds(120))
    }
}
