/// Limits on the JSON texts that are read.
public struct JSONLimits: Sendable {
    /// The greatest number of values, including nested ones.
    let values: Int
    /// The greatest number of consecutive combining characters in a text.
    let combining: Int

    /// The limits for texts of this program, or of a program that it has called.
    public static let none = JSONLimits(values: .max, combining: .max)
    /// The limits for clients' requests, none of which needs more.
    public static let request = JSONLimits(values: 10_000, combining: 100)

    /// Whether the text has no longer run of combining characters.
    ///
    /// Comparing texts in Unicode sorts such a run, which takes a time that grows with the square
    /// of its length. UAX 15 section 13 (Stream-Safe Text Format) allows thirty.
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

    /// Whether the scalar may combine. It is false for most letters without a lookup: for Latin,
    /// Han and Hangul.
    private static func mayCombine(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case ..<0x300, 0x3400..<0xA000, 0xAC00..<0xD7A4: false
        default: true
        }
    }
}
