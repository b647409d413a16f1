import Client
import Deployments
import Dispatch
import Foundation
import Glibc
import Terminal

/// The program: `slipway COMMAND`.
@main
struct Slipway {
    static let version = ProgramVersion.version

    static func main() {
        openStandardStreams()
        // The task ends the process.
        Task.detached { exit(await status(Array(CommandLine.arguments.dropFirst())).rawValue) }
        dispatchMain()
    }

    /// Runs a command and gives the exit status.
    private static func status(_ line: [String]) async -> ExitStatus {
        do {
            return try await run(line)
        } catch let error as UsageError {
            let more = line.first.flatMap(Command.named).map { "help \($0.name)" } ?? "help"
            complain(
                error.message + (error.isAboutOptions ? "\nFor help, run: slipway \(more)" : "")
            )
            return .usage
        } catch let error as ClientError {
            complain(error.description)
            return .refused
        } catch {
            complain("\(error)")
            return .failed
        }
    }

    private static func run(_ line: [String]) async throws -> ExitStatus {
        let line = try commandFirst(line)
        guard var name = line.first else { throw UsageError("no command is given") }
        name = ["--version": "version", "--help": "help", "-h": "help"][name] ?? name
        guard let command = Command.named(name) else { throw noCommand(name) }
        let rest = Array(line.dropFirst())
        let options = rest.prefix { $0 != "--" }
        if options.contains("--help") || options.contains("-h") {
            say(HelpText.text(of: command))
            return .success
        }
        let environment = ProcessInfo.processInfo.environment
        return try await command.run(Invocation(command, rest, environment: environment))
    }

    /// The line with the command first: options for the server may be given before it, and are moved
    /// behind it.
    private static func commandFirst(_ line: [String]) throws(UsageError) -> [String] {
        var rest = line[...]
        var moved: [String] = []
        while let word = rest.first, word.hasPrefix("--"),
            let option = ClientOptions.table.first(where: {
                word == "--\($0.name)" || word.hasPrefix("--\($0.name)=")
            })
        {
            moved.append(rest.removeFirst())
            guard word == "--\(option.name)" else { continue }
            guard let value = rest.popFirst() else { throw UsageError("\(word) needs a value") }
            moved.append(value)
        }
        guard !moved.isEmpty, let name = rest.first else { return line }
        return [name] + moved + rest.dropFirst()
    }

    static func noCommand(_ name: String) -> UsageError {
        let near = NearName.of(name, among: Command.all.map(\.name))
        return UsageError("no command \(name)" + (near.map { "; did you mean \($0)?" } ?? ""))
    }

    /// Opens standard streams that are closed, so that no connection gets one of their numbers.
    private static func openStandardStreams() {
        for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
            _ = unsafe open("/dev/null", O_RDWR)
        }
    }

    /// Prints lines.
    static func say(_ text: String) {
        Screen.write(Array("\(text)\n".utf8))
    }

    /// Prints an error on standard error.
    static func complain(_ message: String) {
        let message = message.split(separator: "\n", omittingEmptySubsequences: false)
            .map { printable(String($0)) }.joined(separator: "\n")
        // If even this fails, nothing can be done.
        try? FileHandle.standardError.write(contentsOf: Data("slipway: \(message)\n".utf8))
    }
}
