extension FixedWidthInteger {
    /// The sum, or the nearest number that the type can hold.
    ///
    /// This is for numbers from outside: from a file, a registry, docker or a client. No such
    /// number may trap.
    package func addingSaturated(_ other: Self) -> Self {
        let (sum, overflows) = addingReportingOverflow(other)
        guard overflows else { return sum }
        return other < 0 ? .min : .max
    }

    /// The difference, or the nearest number that the type can hold.
    package func subtractingSaturated(_ other: Self) -> Self {
        let (difference, overflows) = subtractingReportingOverflow(other)
        guard overflows else { return difference }
        return other < 0 ? .max : .min
    }

    /// The product, or the nearest number that the type can hold.
    package func multipliedSaturated(by other: Self) -> Self {
        let (product, overflows) = multipliedReportingOverflow(by: other)
        guard overflows else { return product }
        return (self < 0) == (other < 0) ? .max : .min
    }

    /// The value without its fraction, or the nearest number that the type can hold; 0 for NaN.
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
    /// The sum of all numbers, or the nearest number that the type can hold.
    package var saturatedSum: Element { reduce(0) { $0.addingSaturated($1) } }
}
