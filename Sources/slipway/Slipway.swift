import Dispatch
import Foundation

/// The program: `slipway COMMAND`.
@main
struct Slipway {
    static let version = "0.1.0"

    static func main() {
        // Ends the process.
        Task.detached { exit(await status(Array(CommandLine.arguments.dropFirst()))) }
        dispatchMain()
    }

    /// Runs a command and gives the exit status.
    private static func status(_ arguments: [String]) async -> Int32 {
        do {
            try await run(arguments)
            return 0
        } catch let error as UsageError {
            complain("\(error.message)\nslipway help tells more.")
            return 2
        } catch {
            complain("\(error)")
            return 1
        }
    }

    private static func run(_ arguments: [String]) async throws {
        switch arguments.first {
        case "serve":
            let environment = ProcessInfo.processInfo.environment
            if arguments.contains("--help") { return print(serveHelp) }
            let values = try OptionValues(
                Array(arguments.dropFirst()),
                options: ServeOptions.table,
                environment: environment
            )
            try await Serve(options: ServeOptions(values, environment: environment)).run()
        case "version", "--version": print("slipway \(version)")
        case "help", "--help", "-h":
            switch arguments.dropFirst().first {
            case nil: print(help)
            case "serve": print(serveHelp)
            case .some(let other): throw UsageError("no command \(other)")
            }
        case nil: throw UsageError("which command?")
        case .some(let other): throw UsageError("no command \(other)")
        }
    }

    private static func complain(_ message: String) {
        // Nothing is left to do where even this fails.
        try? FileHandle.standardError.write(contentsOf: Data("slipway: \(message)\n".utf8))
    }

    private static let help = """
        slipway deploys containers and streams how it goes.

          slipway serve [OPTION…]    the server; slipway help serve lists its options
          slipway version
          slipway help [COMMAND]
        """

    private static var serveHelp: String {
        let lines = ServeOptions.table.map { option in
            let usage = "--\(option.name) \(option.value ?? "")"
            let pad = String(repeating: " ", count: max(1, 34 - usage.count))
            return "  \(usage)\(pad)\(option.help)\(option.isRepeatable ? "; repeatable" : "")"
        }
        return """
            slipway serve [OPTION…]

            \(lines.joined(separator: "\n"))

            Each option can be given in the environment: --stall-timeout as SLIPWAY_STALL_TIMEOUT.
            """
    }
}
