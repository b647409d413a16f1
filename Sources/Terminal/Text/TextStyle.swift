/// Whether text is coloured, and with which colours.
///
/// A colour only repeats what a word or a sign says. The width of a text is measured before it is painted.
public struct TextStyle: Sendable, Hashable {
    /// Whether there are colours at all.
    public let isColoured: Bool

    /// Text without colours.
    public static let plain = TextStyle(isColoured: false)
    /// Text with colours.
    public static let coloured = TextStyle(isColoured: true)

    /// A style with or without colours.
    public init(isColoured: Bool) {
        self.isColoured = isColoured
    }

    /// The colours and weights of a text (SGR, ECMA-48 section 8.3.117).
    public enum Tint: Int, Sendable, Hashable, CaseIterable {
        case bold = 1
        case dim = 2
        case red = 31
        case green = 32
        case yellow = 33
        case cyan = 36
    }

    /// The text in that tint. It is unchanged if there is no tint, if the style has no colours, or if it is
    /// empty.
    public func paint(_ text: String, _ tint: Tint?) -> String {
        guard isColoured, let tint, !text.isEmpty else { return text }
        return "\u{1B}[\(tint.rawValue)m\(text)\u{1B}[0m"
    }

    /// The number of columns of a painted text.
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
