extension Command {
    /// Every command, in the order of the help text.
    static let all: [Command] = [
        serve, check, deploy, watch, list, show, apps, logs, cancel, stop, start, completion, man,
        version,
        help,
    ]

    /// The command of that name.
    static func named(_ name: String) -> Command? {
        all.first { $0.name == name }
    }

    private static let serve = Command(
        name: "serve",
        summary: "the server",
        details: """
            Listens, takes deployments, and goes on with those that a server before it left \
            unfinished in the data directory. Every option can be given in the environment: \
            --stall-timeout as SLIPWAY_STALL_TIMEOUT. An option that can be given more than once takes \
            one value a line there.
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
        summary: "what makes a shell complete commands and options",
        details: """
            bash: source <(slipway completion bash). zsh: slipway completion zsh > _slipway, in a \
            folder of $fpath. fish: slipway completion fish | source.
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
        summary: "the manual page: slipway man | man -l -",
        run: { _ in
            Screen.write(Array(ManualPage.text(of: all, version: Slipway.version).utf8))
            return .success
        }
    )

    private static let version = Command(
        name: "version",
        summary: "which one this is",
        run: { _ in
            Slipway.say("slipway \(Slipway.version)")
            return .success
        }
    )

    private static let help = Command(
        name: "help",
        arguments: "[COMMAND]",
        summary: "this, or all about a command",
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
