import Deployments
import Terminal

/// The report of a dry run, for people.
enum CheckReportText {
    static func lines(_ report: JSONValue, style: TextStyle) -> [String] {
        func text(_ name: String) -> String { printable(report[name]?.string ?? "?") }
        let verdict =
            report["ok"]?.bool == true ? style.green("would work") : style.red("would fail")
        var lines = [
            "Deploying \(style.bold(text("app"))) to \(text("environment")) as container"
                + " \(text("container_name")) \(verdict):"
        ]
        for check in report["checks"]?.elements ?? [] {
            let passes = check["ok"]?.bool == true
            let sign = passes ? style.green("✓") : style.red("✗")
            let name = DisplayWidth.padded(printable(check["name"]?.string ?? ""), 8)
            lines.append(
                "  \(sign) \(style.dim(name)) \(printable(check["message"]?.string ?? ""))"
            )
            guard !passes else { continue }
            let indent = String(repeating: " ", count: 13)
            if let hint = check["hint"]?.string { lines.append("\(indent)\(printable(hint))") }
            if let code = check["code"]?.string { lines.append("\(indent)(\(printable(code)))") }
        }
        return lines
    }
}
