/// A bar in eighths of a column.
enum Bar {
    private static let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

    /// The filled part of a bar of `width` columns, with the number of columns that it takes.
    static func filled(_ fraction: Double, width: Int) -> (text: String, width: Int) {
        let eighths = Int((min(max(fraction, 0), 1) * Double(width * 8)).rounded(.down))
        let part = parts[eighths % 8]
        return (
            String(repeating: "█", count: eighths / 8) + part,
            eighths / 8 + (part.isEmpty ? 0 : 1)
        )
    }

    /// A bar of `width` columns between two ends, each of which takes one more column.
    static func framed(_ percent: Int, width: Int, tint: TextStyle.Tint, _ style: TextStyle)
        -> String
    {
        let filled = filled(Double(percent) / 100, width: width)
        let blank = String(repeating: " ", count: width - filled.width)
        return style.dim("▕") + style.paint(filled.text, tint) + blank + style.dim("▏")
    }
}
