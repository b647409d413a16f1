/// The scripts with which shells complete a command line. They are made from the table of commands.
enum ShellCompletion: String {
    case bash, zsh, fish

    func script(of commands: [Command]) -> String {
        switch self {
        case .bash: Self.bash(commands)
        case .zsh: Self.zsh(commands)
        case .fish: Self.fish(commands)
        }
    }

    // MARK: bash

    private static func bash(_ commands: [Command]) -> String {
        let names = commands.map(\.name).joined(separator: " ")
        let cases = commands.map { command in
            let words = command.options.flatMap { option in
                ["--\(option.name)"] + (option.short.map { ["-\($0)"] } ?? [])
            }
            return
                "        \(command.name)) words=\(quoted((words + ["--help"] + argumentWords(command, commands)).joined(separator: " "))) ;;"
        }
        let values = unique(commands).compactMap { option -> String? in
            let pattern = (["--\(option.name)"] + (option.short.map { ["-\($0)"] } ?? []))
                .joined(separator: "|")
            switch option.completion {
            case .none: return option.value == nil ? nil : "        \(pattern)) return ;;"
            case .files: return "        \(pattern)) files; return ;;"
            case .folders:
                return
                    "        \(pattern)) compopt -o filenames; COMPREPLY=($(compgen -d -- \"$word\")); return ;;"
            case .words(let words):
                return
                    "        \(pattern)) COMPREPLY=($(compgen -W \(quoted(words.joined(separator: " "))) -- \"$word\")); return ;;"
            }
        }
        return """
            # bash completion for slipway
            _slipway() {
                local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words
                files() { compopt -o filenames; COMPREPLY=($(compgen -f -- "$word")); }
                COMPREPLY=()
                if [ "$COMP_CWORD" = 1 ]; then
                    COMPREPLY=($(compgen -W \(quoted(names)) -- "$word"))
                    return
                fi
                case $before in
            \(values.joined(separator: "\n"))
                esac
                case ${COMP_WORDS[1]} in
            \(cases.joined(separator: "\n"))
                    *) return ;;
                esac
                if [ "${COMP_WORDS[1]}" = deploy ] && [[ $word != -* ]]; then files; return; fi
                COMPREPLY=($(compgen -W "$words" -- "$word"))
            }
            complete -F _slipway slipway

            """
    }

    // MARK: zsh

    private static func zsh(_ commands: [Command]) -> String {
        let names = commands.map {
            "        \(quoted("\($0.name):\($0.summary.replacing(":", with: "\\:"))"))"
        }
        let cases = commands.map { command in
            let options = command.options.map { option in
                let help = option.help.replacing("[", with: "(").replacing("]", with: ")")
                    .replacing(":", with: "\\:")
                let value =
                    option.value.map { ":\($0.replacing(":", with: "\\:")):\(zshAction(option))" }
                    ?? ""
                let star = option.isRepeatable ? "*" : ""
                let long = quoted(
                    "\(star)--\(option.name)\(option.value == nil ? "" : "=")[\(help)]\(value)"
                )
                guard let short = option.short else { return long }
                return "\(long) \(quoted("\(star)-\(short)[\(help)]\(value)"))"
            }
            let words = argumentWords(command, commands)
            let argument =
                command.name == "deploy"
                ? ["'1:file:_files'"]
                : words.isEmpty ? [] : [quoted("1:argument:(\(words.joined(separator: " ")))")]
            return
                "        \(command.name)) _arguments \((options + argument + ["'--help[help]'"]).joined(separator: " ")) ;;"
        }
        return """
            #compdef slipway
            _slipway() {
                local -a commands=(
            \(names.joined(separator: "\n"))
                )
                if (( CURRENT == 2 )); then
                    _describe command commands
                    return
                fi
                local name=$words[2]
                shift words
                (( CURRENT-- ))
                case $name in
            \(cases.joined(separator: "\n"))
                esac
            }
            if [ "$funcstack[1]" = _slipway ]; then _slipway "$@"; else compdef _slipway slipway; fi

            """
    }

    private static func zshAction(_ option: Option) -> String {
        switch option.completion {
        case .none: ""
        case .files: "_files"
        case .folders: "_files -/"
        case .words(let words): "(\(words.joined(separator: " ")))"
        }
    }

    // MARK: fish

    private static func fish(_ commands: [Command]) -> String {
        var lines = ["# fish completion for slipway", "complete -c slipway -f"]
        for command in commands {
            lines.append(
                "complete -c slipway -n __fish_use_subcommand -a \(command.name) -d \(fishQuoted(command.summary))"
            )
            let condition = "-n \(fishQuoted("__fish_seen_subcommand_from \(command.name)"))"
            for option in command.options {
                var line = "complete -c slipway \(condition) -l \(option.name)"
                if let short = option.short { line += " -s \(short)" }
                switch option.completion {
                case .none: line += option.value == nil ? "" : " -x"
                case .files: line += " -r -F"
                case .folders: line += " -x -a '(__fish_complete_directories)'"
                case .words(let words): line += " -x -a \(fishQuoted(words.joined(separator: " ")))"
                }
                lines.append(line + " -d \(fishQuoted(option.help))")
            }
            if command.name == "deploy" {
                lines.append("complete -c slipway \(condition) -F")
            } else if !argumentWords(command, commands).isEmpty {
                let words = argumentWords(command, commands).joined(separator: " ")
                lines.append("complete -c slipway \(condition) -a \(fishQuoted(words))")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: Shared by the scripts

    /// The words that may stand beside a command's options.
    private static func argumentWords(_ command: Command, _ commands: [Command]) -> [String] {
        switch command.name {
        case "help": commands.map(\.name)
        case "completion": ["bash", "zsh", "fish"]
        default: []
        }
    }

    private static func unique(_ commands: [Command]) -> [Option] {
        var names: Set<String> = []
        return commands.flatMap(\.options).filter { names.insert($0.name).inserted }
    }

    private static func quoted(_ text: String) -> String {
        "'\(text.replacing("'", with: "'\\''"))'"
    }

    private static func fishQuoted(_ text: String) -> String {
        "'\(text.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'"
    }
}
