extension Substring {
    /// The text without the blanks and tabs at its ends: the optional whitespace of RFC 9110
    /// section 5.6.3.
    var trimmingBlanks: Substring {
        let start = drop { $0 == " " || $0 == "\t" }
        return start.lastIndex { $0 != " " && $0 != "\t" }.map { start[...$0] } ?? ""
    }
}
