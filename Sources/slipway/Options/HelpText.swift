/// The texts of `slipway help`.
enum HelpText {
    static let exitStatuses: [(String, String)] = [
        ("0", "success"),
        ("1", "the deployment, or one of several, failed"),
        ("2", "the command line or the request file is wrong"),
        ("3", "the server could not be reached, or refused the request"),
        ("4", "the deployment was cancelled or superseded"),
        ("5", "the deployment had not ended after --timeout"),
        ("130", "interrupted by Ctrl-C"),
    ]

    static func overview(of commands: [Command]) -> String {
        """
        Slipway deploys containers and shows how it goes.

        \(table(commands.map { ("\($0.name)\($0.arguments.isEmpty ? "" : " \($0.arguments)")", $0.summary) }))

        The server's address is that of --server, else SLIPWAY_SERVER, else
        http://127.0.0.1:8000. slipway help COMMAND shows the options of a command.
        Exit statuses:

        \(table(exitStatuses))
        """
    }

    static func text(of command: Command) -> String {
        var parts = [command.usage, wrapped(sentence(command.summary), width: 80)]
        if !command.details.isEmpty { parts.append(wrapped(command.details, width: 80)) }
        if !command.options.isEmpty {
            parts.append(table(command.options.map { ($0.usage, help($0)) }))
        }
        return parts.joined(separator: "\n\n")
    }

    /// An option's help as sentences, with whether it can be repeated.
    static func help(_ option: Option) -> String {
        sentence(option.help) + (option.isRepeatable ? " Can be given more than once." : "")
    }

    static func sentence(_ text: String) -> String {
        text.prefix(1).uppercased() + text.dropFirst() + "."
    }

    private static func table(_ rows: [(String, String)]) -> String {
        let widest = min(rows.map(\.0.count).max() ?? 0, 32)
        return rows.map { name, text in
            let lines = wrapped(text, width: 78 - widest - 2).split(separator: "\n")
            let indent = String(repeating: " ", count: widest + 4)
            let first =
                name.count > widest
                ? "  \(name)\n\(indent)"
                : "  \(name)\(String(repeating: " ", count: widest + 2 - name.count))"
            return first + lines.joined(separator: "\n" + indent)
        }.joined(separator: "\n")
    }

    /// The text in lines of at most `width` characters; its own line breaks stay.
    static func wrapped(_ text: String, width: Int) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { paragraph in
            var lines = [""]
            for word in paragraph.split(separator: " ") {
                let line = lines[lines.count - 1]
                if line.isEmpty {
                    lines[lines.count - 1] = String(word)
                } else if line.count + 1 + word.count <= width {
                    lines[lines.count - 1] += " \(word)"
                } else {
                    lines.append(String(word))
                }
            }
            return lines.joined(separator: "\n")
        }.joined(separator: "\n")
    }
}
