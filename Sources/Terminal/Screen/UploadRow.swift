import Deployments

/// The row that shows the progress of a file being sent.
public enum UploadRow {
    /// The row in at most `width` columns: `▕████    ▏  52%  3.1 of 6.0 MB`.
    public static func text(
        done: Int64,
        of size: Int64,
        width: Int,
        style: TextStyle
    ) -> String {
        let fraction = size > 0 ? Double(min(done, size)) / Double(size) : 1
        let percent = Int(fraction * 100)
        let digits = String(percent)
        let share = String(repeating: " ", count: max(0, 3 - digits.count)) + digits + "%"
        let amount = byteText(min(done, size), of: size)
        let room = width - share.count - amount.count - 7
        guard room >= 4 else { return "\(share) \(amount)" }
        let bar = Bar.framed(percent, width: min(room, 30), tint: .cyan, style)
        return "\(bar) \(share)  \(amount)"
    }
}
