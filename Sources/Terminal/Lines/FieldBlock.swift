/// Names and values below each other, with the values aligned in one column.
struct FieldBlock {
    private enum Entry {
        case field(String, String, TextStyle.Tint?)
        /// Lines that a program has printed.
        case quoted(String, [String])
    }

    private var entries: [Entry] = []

    /// Adds a value from outside. If it is missing or empty, the field is left out.
    mutating func add(_ name: String, _ value: String?, _ tint: TextStyle.Tint? = nil) {
        guard let value, !value.isEmpty else { return }
        entries.append(.field(printable(name), printable(value), tint))
    }

    /// Adds one line per value, with the name before the first one.
    mutating func add(_ name: String, each values: [String], _ tint: TextStyle.Tint? = nil) {
        for (index, value) in values.enumerated() {
            entries.append(.field(index == 0 ? printable(name) : "", printable(value), tint))
        }
    }

    /// Adds lines that a program has printed, below their name.
    mutating func add(_ name: String, quoted lines: [String]) {
        guard !lines.isEmpty else { return }
        entries.append(.quoted(printable(name), lines.map(printable)))
    }

    /// The block, indented by this many blanks; the column of the names takes at least `width` columns.
    func lines(indent: Int, width: Int = 0, _ style: TextStyle) -> [String] {
        let margin = String(repeating: " ", count: indent)
        let column = entries.reduce(width) { widest, entry in
            guard case .field(let name, _, _) = entry else { return widest }
            return max(widest, DisplayWidth.of(name))
        }
        return entries.flatMap { entry in
            switch entry {
            case .field(let name, let value, let tint):
                let padded = DisplayWidth.padded(name, column)
                return ["\(margin)\(style.dim(padded))  \(style.paint(value, tint))"]
            case .quoted(let name, let lines):
                return ["\(margin)\(style.dim(name))"]
                    + lines.map { line in
                        let bar = style.dim("│")
                        return line.isEmpty ? "\(margin)\(bar)" : "\(margin)\(bar) \(line)"
                    }
            }
        }
    }
}
