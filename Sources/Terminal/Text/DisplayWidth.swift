/// Measures how many columns a text takes on a terminal, and fits a text to a number of columns.
///
/// The rules are those of `wcwidth`, except that what terminals draw as one picture is counted as one. A
/// combining mark takes no column; CJK and fullwidth characters and emoji take two. The texts must not
/// contain escape sequences.
public enum DisplayWidth {
    /// The side on which a padded text stands.
    public enum Alignment: Sendable, Hashable {
        /// The text stands on the left.
        case left
        /// The text stands on the right.
        case right
    }

    /// The number of columns of a text.
    public static func of(_ text: String) -> Int {
        isPlainASCII(text) ? text.utf8.count : text.reduce(0) { $0 + of($1) }
    }

    /// The text if it takes at most `width` columns, otherwise its beginning and `…`.
    ///
    /// The result is one column narrower than `width` if a character of two columns does not fit before the
    /// `…`.
    public static func fitted(_ text: String, _ width: Int) -> String {
        guard width > 0 else { return "" }
        guard of(text) > width else { return text }
        var end = text.startIndex
        var room = width - 1
        while end < text.endIndex {
            room -= of(text[end])
            if room < 0 { break }
            end = text.index(after: end)
        }
        return text[..<end] + "…"
    }

    /// The text, padded with blanks to at least `width` columns.
    public static func padded(
        _ text: String,
        _ width: Int,
        _ alignment: Alignment = .left
    ) -> String {
        let blanks = String(repeating: " ", count: max(0, width - of(text)))
        return alignment == .left ? text + blanks : blanks + text
    }

    /// The text, cut or padded to exactly `width` columns.
    public static func exactly(
        _ text: String,
        _ width: Int,
        _ alignment: Alignment = .left
    ) -> String {
        padded(fitted(text, width), width, alignment)
    }

    /// Whether every byte is a character of one column.
    static func isPlainASCII(_ text: String) -> Bool {
        let span = text.utf8.span
        for index in span.indices where span[index] < 0x20 || span[index] > 0x7E { return false }
        return true
    }

    /// The number of columns of one grapheme cluster.
    private static func of(_ character: Character) -> Int {
        var width = 0
        var last: (scalar: Unicode.Scalar, width: Int)?
        var joins = false
        for scalar in character.unicodeScalars {
            var own = of(scalar)
            switch scalar.value {
            case 0x200D: joins = true
            case 0xFE0F:
                // This variation selector asks for a picture in place of the character.
                if let last, last.scalar.properties.isEmoji, last.width == 1 { own = 1 }
            default:
                let joined = joins && scalar.properties.isEmoji
                let modifies =
                    scalar.properties.isEmojiModifier
                    && last?.scalar.properties.isEmojiModifierBase == true
                if joined { own = 0 }
                // A base character that is narrow by itself becomes a picture with a modifier.
                if modifies { own = last?.width == 1 ? 1 : 0 }
                joins = false
                if own > 0 || joined { last = (scalar, joined ? 2 : own) }
            }
            width += own
        }
        return width
    }

    private static func of(_ scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x300 { return isControl(scalar.value) ? 0 : 1 }
        switch scalar.value {
        case 0x1160...0x11FF, 0xD7B0...0xD7FF: return 0  // Vowels and finals of Hangul syllables.
        case 0x1F1E6...0x1F1FF: return 1  // Two of these make a flag.
        default: break
        }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control, .lineSeparator,
            .paragraphSeparator:
            return 0
        default:
            return isWide(scalar.value) || scalar.properties.isEmojiPresentation ? 2 : 1
        }
    }

    private static func isControl(_ value: UInt32) -> Bool {
        value < 0x20 || (0x7F...0x9F).contains(value)
    }

    /// Whether it is wide or fullwidth by UAX #11, except for the emoji that `isEmojiPresentation` covers.
    private static func isWide(_ value: UInt32) -> Bool {
        guard value >= 0x1100 else { return false }
        return switch value {
        case 0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3040...0x3247,
            0x3250...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
            0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60,
            0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F2FF,
            0x20000...0x2FFFD, 0x30000...0x3FFFD:
            true
        default: false
        }
    }
}
