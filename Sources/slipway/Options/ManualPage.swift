/// The manual page, in the man macros of troff, made from the table of commands.
enum ManualPage {
    static func text(of commands: [Command], version: String) -> String {
        var lines = [
            ".TH SLIPWAY 1 \"\" \"slipway \(version)\" \"User Commands\"",
            ".SH NAME", "slipway \\- deploys containers and shows how it goes",
            ".SH SYNOPSIS", ".B slipway", ".I COMMAND",
            "[\\fIARGUMENT\\fR\\&...] [\\fIOPTION\\fR\\&...]",
            ".SH COMMANDS",
        ]
        for command in commands {
            let arguments = command.arguments.isEmpty ? "" : " \(command.arguments)"
            lines += [".SS \(escaped(command.name + arguments))"]
            lines += [escaped(HelpText.sentence(command.summary))]
            if !command.details.isEmpty {
                lines +=
                    [".PP"] + command.details.split(separator: "\n").map { escaped(String($0)) }
            }
            for option in command.options {
                lines += [
                    ".TP", "\\fB\(escaped(option.usage))\\fR", escaped(HelpText.help(option)),
                ]
            }
        }
        lines += [
            ".SH ENVIRONMENT", ".TP", "\\fBSLIPWAY_SERVER\\fR", "the same as \\-\\-server", ".TP",
            "\\fBSLIPWAY_TOKEN\\fR, \\fBSLIPWAY_TOKEN_FILE\\fR",
            "the same as \\-\\-token and \\-\\-token\\-file", ".TP", "\\fBNO_COLOR\\fR",
            "the same as \\-\\-plain, if it is not empty",
            ".SH EXIT STATUS",
        ]
        for (status, meaning) in HelpText.exitStatuses {
            lines += [".TP", "\\fB\(status)\\fR", escaped(meaning)]
        }
        for section in sections {
            lines.append(".SH \(section.title)")
            lines += section.paragraphs.map { [escaped($0)] }.joined(separator: [".PP"])
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The text with backslashes and hyphens escaped for troff, which would also take a line that
    /// begins with a period or an apostrophe for a request.
    private static func escaped(_ text: String) -> String {
        let text = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
        return text.hasPrefix(".") || text.hasPrefix("'") ? "\\&\(text)" : text
    }
}
