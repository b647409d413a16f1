extension StringProtocol {
    /// The text as it is repeated to its sender, cut to 80 characters.
    public var excerpt: String { cut(to: 80) }

    /// The first `count` characters of a longer text, followed by `…`.
    ///
    /// Unicode scalars are counted, because a character may consist of any number of them.
    public func cut(to count: Int) -> String {
        let scalars = unicodeScalars
        guard
            let end = scalars.index(
                scalars.startIndex,
                offsetBy: count,
                limitedBy: scalars.endIndex
            ), end < scalars.endIndex
        else { return String(self) }
        return String(self[..<end]) + "…"
    }
}
