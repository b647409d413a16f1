/// Makes a text from outside safe to print: it can neither control the terminal, nor change the direction
/// of writing, nor begin a new line.
///
/// Colours and other complete control sequences (ECMA-48 section 5.4) are dropped, since programs colour
/// their logs. A tab and a line break become blanks, except for a line break at the end, which is dropped.
/// Every other control character becomes its picture, such as `␛`, and characters that change the direction
/// of writing become `�`. A character keeps at most 16 scalars, which is enough for every emoji.
public func printable(_ text: String) -> String {
    if DisplayWidth.isPlainASCII(text) { return text }
    var safe = String.UnicodeScalarView()
    let scalars = Array(text.unicodeScalars)
    var end = scalars.count
    while end > 0, isLineBreak(scalars[end - 1].value) { end -= 1 }
    var index = 0
    while index < end {
        let scalar = scalars[index]
        if scalar == "\u{1B}" || scalar == "\u{9B}",
            let next = controlSequenceEnd(scalars[..<end], from: index)
        {
            index = next
            continue
        }
        index += 1
        append(scalar, to: &safe)
    }
    return capped(String(safe))
}

private func append(_ scalar: Unicode.Scalar, to safe: inout String.UnicodeScalarView) {
    switch scalar.value {
    case 0x09: safe.append(contentsOf: "    ".unicodeScalars)
    case 0x0A, 0x0B, 0x0C, 0x85, 0x2028, 0x2029: safe.append(" ")
    case 0..<0x20: safe.append(Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}")
    case 0x7F: safe.append("\u{2421}")
    case 0x80...0x9F, 0x202A...0x202E, 0x2066...0x2069: safe.append("\u{FFFD}")
    default: safe.append(scalar)
    }
}

private func isLineBreak(_ value: UInt32) -> Bool {
    value == 0x0A || value == 0x0D || value == 0x85 || value == 0x2028 || value == 0x2029
}

/// The index behind a complete control sequence; nil if there is none.
private func controlSequenceEnd(_ scalars: ArraySlice<Unicode.Scalar>, from start: Int) -> Int? {
    var index = start + 1
    if scalars[start] == "\u{1B}" {
        guard index < scalars.endIndex, scalars[index] == "[" else { return nil }
        index += 1
    }
    while index < scalars.endIndex, (0x30...0x3F).contains(scalars[index].value) { index += 1 }
    while index < scalars.endIndex, (0x20...0x2F).contains(scalars[index].value) { index += 1 }
    guard index < scalars.endIndex, (0x40...0x7E).contains(scalars[index].value) else {
        return nil
    }
    return index + 1
}

/// Drops all but the first scalars of a character, since marks could pile up on it without end.
private func capped(_ text: String) -> String {
    let most = 16
    guard text.contains(where: { $0.unicodeScalars.count > most }) else { return text }
    var capped = String.UnicodeScalarView()
    for character in text { capped.append(contentsOf: character.unicodeScalars.prefix(most)) }
    return String(capped)
}
