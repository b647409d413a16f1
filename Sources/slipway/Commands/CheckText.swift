import Doctor
import Terminal

/// A finding of `slipway check` as one line, for people.
enum CheckText {
    static func line(_ finding: Finding, style: TextStyle) -> String {
        let tint: TextStyle.Tint =
            switch finding.verdict {
            case .ok: .green
            case .warning: .yellow
            case .wrong: .red
            }
        let verdict = style.paint(DisplayWidth.padded(finding.verdict.rawValue, 7), tint)
        let matter = style.dim(DisplayWidth.padded(words(finding.matter), 12))
        let advice = finding.advice.map { " \($0)" } ?? ""
        return "\(verdict)  \(matter)  \(printable(finding.message + advice))"
    }

    private static func words(_ matter: Finding.Matter) -> String {
        matter.rawValue.replacing("_", with: " ")
    }
}
