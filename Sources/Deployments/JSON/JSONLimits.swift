/// How much of a JSON text is read, so that it costs no more than it is worth.
public struct JSONLimits: Sendable {
    /// How many values there may be, nested ones among them.
    let values: Int
    /// How many combining characters may follow each other in a text.
    let combining: Int

    /// For what is our own, or a program's that we have asked.
    public static let none = JSONLimits(values: .max, combining: .max)
    /// For a client's request: no request needs as many parts.
    public static let request = JSONLimits(values: 10_000, combining: 100)

    /// Whether the text has no longer run of combining characters.
    ///
    /// To compare two texts Unicode has such a run sorted, and the time for that grows with the square
    /// of its length; UAX 15 section 13 (Stream-Safe Text Format) allows thirty.
    func takes(_ text: String) -> Bool {
        guard combining < .max, text.utf8.count > 2 * combining else { return true }
        var run = 0
        for scalar in text.unicodeScalars {
            guard Self.mayCombine(scalar),
                scalar.properties.canonicalCombiningClass != .notReordered
            else {
                run = 0
                continue
            }
            run += 1
            if run > combining { return false }
        }
        return true
    }

    /// False for most letters, so that they need not be looked up: Latin, Han and Hangul.
    private static func mayCombine(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case ..<0x300, 0x3400..<0xA000, 0xAC00..<0xD7A4: false
        default: true
        }
    }
}
