/// Whether text is coloured, and how.
///
/// Colour only repeats what a word or a sign says. Measure texts before they are painted.
public struct TextStyle: Sendable, Hashable {
    /// Whether there are colours at all.
    public let isColoured: Bool

    /// Text as it is.
    public static let plain = TextStyle(isColoured: false)
    /// Text with colours.
    public static let coloured = TextStyle(isColoured: true)

    /// A style.
    public init(isColoured: Bool) {
        self.isColoured = isColoured
    }

    /// What can be done to a text (ECMA-48 section 8.3.117).
    public enum Tint: Int, Sendable, Hashable, CaseIterable {
        case bold = 1
        case dim = 2
        case red = 31
        case green = 32
        case yellow = 33
        case cyan = 36
    }

    /// The text in that tint; as it is without one, without colours, and where it is empty.
    public func paint(_ text: String, _ tint: Tint?) -> String {
        guard isColoured, let tint, !text.isEmpty else { return text }
        return "\u{1B}[\(tint.rawValue)m\(text)\u{1B}[0m"
    }

    /// The columns of a text that was painted.
    public func width(of painted: String) -> Int {
        guard isColoured, painted.utf8.contains(0x1B) else { return DisplayWidth.of(painted) }
        var shown = ""
        var isSequence = false
        for scalar in painted.unicodeScalars {
            if isSequence {
                isSequence = scalar != "m"
            } else if scalar == "\u{1B}" {
                isSequence = true
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return DisplayWidth.of(shown)
    }

    /// The text in bold.
    public func bold(_ text: String) -> String { paint(text, .bold) }
    /// The text, fainter.
    public func dim(_ text: String) -> String { paint(text, .dim) }
    /// The text in red.
    public func red(_ text: String) -> String { paint(text, .red) }
    /// The text in green.
    public func green(_ text: String) -> String { paint(text, .green) }
    /// The text in yellow.
    public func yellow(_ text: String) -> String { paint(text, .yellow) }
    /// The text in cyan.
    public func cyan(_ text: String) -> String { paint(text, .cyan) }
}
