/// Finds the known name that was most likely meant by a misspelt one.
public enum NearName {
    /// The most similar of the names; nil if none is similar.
    public static func of(_ name: String, among known: [String]) -> String? {
        guard name.utf8.count <= 80 else { return nil }
        let written = folded(name)
        guard (1...40).contains(written.count) else { return nil }
        if let same = known.first(where: { folded($0) == written }) { return same }
        let allowed = written.count <= 4 ? 1 : 2
        let distances = known.map { (distance(written, folded($0)), $0) }
        if let best = distances.min(by: { $0.0 < $1.0 }), best.0 <= allowed { return best.1 }
        guard written.count >= 3 else { return nil }
        return known.first { candidate in
            let candidate = String(decoding: folded(candidate), as: UTF8.self)
            let written = String(decoding: written, as: UTF8.self)
            return candidate.contains(written) || written.contains(candidate)
        }
    }

    /// The letters and digits in lower case, so that `envVars` and `env-vars` equal `env_vars`.
    private static func folded(_ name: String) -> [UInt8] {
        Array(name.lowercased().utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") })
    }

    /// The number of letters that must be inserted, removed, replaced or swapped with their
    /// neighbour.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            for column in right.indices {
                let same = left[row] == right[column]
                var cost = min(
                    last[column] + (same ? 0 : 1),
                    last[column + 1] + 1,
                    current[column] + 1
                )
                if row > 0, column > 0, left[row] == right[column - 1],
                    left[row - 1] == right[column]
                {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
