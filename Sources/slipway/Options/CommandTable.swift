extension Command {
    /// Every command, in the order of the help text.
    static let all: [Command] = [
        serve, check, deploy, watch, list, show, apps, logs, cancel, stop, start, completion, man,
        version,
        help,
    ]

    /// The command with that name; nil if there is none.
    static func named(_ name: String) -> Command? {
        all.first { $0.name == name }
    }

    private static let serve = Command(
        name: "serve",
        summary: "runs the server",
        details: """
            The server listens for requests, runs deployments, and continues those that an earlier \
            server left unfinished in the data directory. Every option can also be given as an \
            environment variable, such as SLIPWAY_STALL_TIMEOUT for --stall-timeout. If an option can \
            be given more than once, its variable takes one value per line.
            """,
        options: ServeOptions.table,
        run: { invocation in
            let options = try ServeOptions(invocation.values, environment: invocation.environment)
            try await Serve(options: options).run()
            return .success
        }
    )

    private static let completion = Command(
        name: "completion",
        arguments: "bash|zsh|fish",
        summary: "prints a script that lets a shell complete commands and options",
        details: """
            In bash, run: source <(slipway completion bash). In zsh, run this in a folder of $fpath: \
            slipway completion zsh > _slipway. In fish, run: slipway completion fish | source.
            """,
        count: 1...1,
        run: { invocation in
            guard let shell = ShellCompletion(rawValue: invocation.argument) else {
                throw UsageError("completion is for bash, zsh or fish, not \(invocation.argument)")
            }
            Screen.write(Array(shell.script(of: all).utf8))
            return .success
        }
    )

    private static let man = Command(
        name: "man",
        summary: "prints the manual page: slipway man | man -l -",
        run: { _ in
            Screen.write(Array(ManualPage.text(of: all, version: Slipway.version).utf8))
            return .success
        }
    )

    private static let version = Command(
        name: "version",
        summary: "shows the version",
        run: { _ in
            Slipway.say("slipway \(Slipway.version)")
            return .success
        }
    )

    private static let help = Command(
        name: "help",
        arguments: "[COMMAND]",
        summary: "shows this overview, or a command's options",
        count: 0...1,
        run: { invocation in
            guard let name = invocation.values.arguments.first else {
                Slipway.say(HelpText.overview(of: all))
                return .success
            }
            guard let command = named(name) else { throw Slipway.noCommand(name) }
            Slipway.say(HelpText.text(of: command))
            return .success
        }
    )
}
