extension FixedWidthInteger {
    /// The sum; beyond what the type can hold, the nearest number that it can.
    ///
    /// For numbers from outside: of a file, a registry, docker, a client. No such number may trap.
    package func addingSaturated(_ other: Self) -> Self {
        let (sum, overflows) = addingReportingOverflow(other)
        guard overflows else { return sum }
        return other < 0 ? .min : .max
    }

    /// The difference; beyond what the type can hold, the nearest number that it can.
    package func subtractingSaturated(_ other: Self) -> Self {
        let (difference, overflows) = subtractingReportingOverflow(other)
        guard overflows else { return difference }
        return other < 0 ? .max : .min
    }

    /// The product; beyond what the type can hold, the nearest number that it can.
    package func multipliedSaturated(by other: Self) -> Self {
        let (product, overflows) = multipliedReportingOverflow(by: other)
        guard overflows else { return product }
        return (self < 0) == (other < 0) ? .max : .min
    }

    /// The number without its fraction; beyond what the type can hold, the nearest number that it
    /// can. What is no number is 0.
    package init(saturating value: Double) {
        if value.isNaN {
            self = 0
        } else if let exact = Self(exactly: value.rounded(.towardZero)) {
            self = exact
        } else {
            self = value < 0 ? .min : .max
        }
    }
}

extension Sequence where Element: FixedWidthInteger {
    /// The sum of all numbers; beyond what the type can hold, the nearest number that it can.
    package var saturatedSum: Element { reduce(0) { $0.addingSaturated($1) } }
}
