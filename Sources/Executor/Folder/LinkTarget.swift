/// Judges where a link leads.
enum LinkTarget {
    /// Whether a link in `folder`, a path relative to the root, leads to a place below the root.
    static func staysInside(folder: [UInt8], target: [UInt8]) -> Bool {
        let slash = UInt8(ascii: "/")
        guard target.first != slash else { return false }
        var depth = folder.split(separator: slash).count
        for component in target.split(separator: slash) where component != [UInt8(ascii: ".")] {
            depth += component == [UInt8(ascii: "."), UInt8(ascii: ".")] ? -1 : 1
            if depth < 0 { return false }
        }
        return true
    }
}
