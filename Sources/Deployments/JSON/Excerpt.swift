extension StringProtocol {
    /// The text as it is repeated to whoever sent it: of a long one the beginning.
    public var excerpt: String { cut(to: 80) }

    /// The first characters of a longer text, up to this number, followed by `…`.
    ///
    /// Counted in Unicode scalars, because a character may be made of any number of them.
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
