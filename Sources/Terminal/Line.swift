/// A line that is put together from parts whose columns are known.
struct Line {
    private(set) var text = ""
    private(set) var width = 0
    private let style: TextStyle

    init(_ style: TextStyle) {
        self.style = style
    }

    mutating func add(_ part: String, width: Int, _ tint: TextStyle.Tint? = nil) {
        text += style.paint(part, tint)
        self.width += width
    }

    /// Adds a part that is painted already.
    mutating func add(painted part: String, width: Int) {
        text += part
        self.width += width
    }

    /// Adds a part of exactly `width` columns.
    mutating func add(
        _ part: String,
        exactly width: Int,
        _ alignment: DisplayWidth.Alignment = .left,
        _ tint: TextStyle.Tint? = nil
    ) {
        add(DisplayWidth.exactly(part, width, alignment), width: width, tint)
    }

    mutating func add(blanks: Int) {
        text += String(repeating: " ", count: blanks)
        width += blanks
    }
}
