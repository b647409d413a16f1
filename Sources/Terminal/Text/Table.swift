/// Rows of cells, laid out as lines that fit a width.
public struct Table: Sendable {
    /// A column of the table.
    public struct Column: Sendable {
        /// The title above the column, in capitals.
        public let title: String
        /// If there is no room, the columns with the lowest priority are left out first.
        public let priority: Int
        /// The number of columns to which cells may be cut; nil if they may not be cut.
        public let minimum: Int?
        /// The side to which the cells are aligned.
        public let alignment: DisplayWidth.Alignment

        /// A column.
        public init(
            _ title: String,
            priority: Int,
            minimum: Int? = nil,
            alignment: DisplayWidth.Alignment = .left
        ) {
            self.title = title
            self.priority = priority
            self.minimum = minimum
            self.alignment = alignment
        }
    }

    /// A text in a row.
    public struct Cell: Sendable {
        /// The text, safe to print and without blanks at the end.
        public let text: String
        /// Its tint.
        public let tint: TextStyle.Tint?
        let width: Int

        /// A cell with a text from outside, which is made safe to print.
        public init(_ text: String, _ tint: TextStyle.Tint? = nil) {
            var safe = printable(text)
            while safe.last == " " { safe.removeLast() }
            self.text = safe
            self.tint = tint
            width = DisplayWidth.of(self.text)
        }
    }

    private let columns: [Column]
    private let rows: [[Cell]]
    private static let gap = 2

    /// A table. If a row has fewer cells than there are columns, the missing cells are empty.
    public init(columns: [Column], rows: [[Cell]]) {
        self.columns = columns
        self.rows = rows
    }

    /// The line of titles, then one line per row, without blanks at the end.
    ///
    /// If `width` is given, no line is wider: cells are cut, then columns are left out, the empty ones
    /// first. Without a `width` everything is shown, with `-` for empty cells.
    public func lines(width: Int?, style: TextStyle) -> [String] {
        guard !columns.isEmpty else { return [] }
        let shown = layout(width)
        let titles = shown.map { place in
            (Cell(columns[place.column].title.uppercased(), .bold), place)
        }
        let body = rows.map { row in
            shown.map { place in
                let cell = place.column < row.count ? row[place.column] : Cell("")
                return (cell.width == 0 && width == nil ? Cell("-") : cell, place)
            }
        }
        return ([titles] + body).map { line($0, style) }
    }

    private struct Place {
        let column: Int
        var width: Int
    }

    private func line(_ cells: [(cell: Cell, place: Place)], _ style: TextStyle) -> String {
        let last = cells.lastIndex { $0.cell.width > 0 } ?? 0
        var text = ""
        for (index, (cell, place)) in cells.prefix(last + 1).enumerated() {
            if index > 0 { text += String(repeating: " ", count: Self.gap) }
            let fitted = DisplayWidth.fitted(cell.text, place.width)
            let blanks = max(0, place.width - DisplayWidth.of(fitted))
            let margin = String(repeating: " ", count: blanks)
            let painted = style.paint(fitted, cell.tint)
            switch columns[place.column].alignment {
            case .right: text += margin + painted
            case .left: text += index == last ? painted : painted + margin
            }
        }
        return text
    }

    /// The columns that are shown, and their widths.
    private func layout(_ width: Int?) -> [Place] {
        var places = columns.indices.map { column in
            Place(column: column, width: naturalWidth(column))
        }
        guard let width else { return places }
        let filled = places.filter { place in
            rows.contains { place.column < $0.count && $0[place.column].width > 0 }
        }
        if !filled.isEmpty { places = filled }
        while places.count > 1, leastWidth(places) > width {
            let least = places.indices.min { priority(places[$0]) < priority(places[$1]) }
            places.remove(at: least ?? 0)
        }
        shrink(&places, to: width)
        return places
    }

    private func priority(_ place: Place) -> Int { columns[place.column].priority }

    private func naturalWidth(_ column: Int) -> Int {
        rows.reduce(DisplayWidth.of(columns[column].title)) { widest, row in
            column < row.count ? max(widest, row[column].width) : widest
        }
    }

    private func least(_ place: Place) -> Int {
        columns[place.column].minimum.map { min($0, place.width) } ?? place.width
    }

    private func leastWidth(_ places: [Place]) -> Int {
        places.reduce(Self.gap * (places.count - 1)) { $0 + least($1) }
    }

    private func shrink(_ places: inout [Place], to width: Int) {
        var excess = places.reduce(Self.gap * (places.count - 1) - width) { $0 + $1.width }
        let limits = places.map(least)
        while excess > 0 {
            let widest = places.indices.filter { places[$0].width > limits[$0] }
                .max { places[$0].width < places[$1].width }
            // If only one column is left, it is cut even if it has no minimum.
            guard let widest else {
                if places.count == 1 { places[0].width = max(0, width) }
                return
            }
            places[widest].width -= 1
            excess -= 1
        }
    }
}
