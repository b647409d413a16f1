/// A line that is put together from parts, each of which is measured before it is painted.
struct Line {
    private(set) var text = ""
    private let style: TextStyle

    init(_ style: TextStyle) {
        self.style = style
    }

    mutating func add(_ part: String, _ tint: TextStyle.Tint? = nil) {
        text += style.paint(part, tint)
    }

    /// Adds a part of exactly `width` columns.
    mutating func add(
        _ part: String,
        exactly width: Int,
        _ alignment: DisplayWidth.Alignment = .left,
        _ tint: TextStyle.Tint? = nil
    ) {
        add(DisplayWidth.exactly(part, width, alignment), tint)
    }

    mutating func add(blanks: Int) {
        text += String(repeating: " ", count: blanks)
    }
}
