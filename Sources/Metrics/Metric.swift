/// A metric with all its series, as it stands at one moment.
public struct Metric: Sendable {
    /// What its values are.
    public enum Kind: String, Sendable {
        /// Only grows, from 0 at the start of the process.
        case counter
        /// May go up and down.
        case gauge
        /// Of values between bounds.
        case histogram
    }

    /// A label's name and its value.
    public typealias Label = (name: String, value: String)

    /// One line of the exposition.
    struct Sample: Sendable {
        /// What follows the metric's name: `_bucket`, or nothing.
        var suffix = ""
        var labels: [Label] = []
        var value: Double
    }

    /// The name with its prefix, its unit and, for a counter, `_total`.
    public let name: String
    /// A sentence that says what it is.
    public let help: String
    /// What its values are.
    public let kind: Kind
    private(set) var samples: [Sample] = []

    private init(_ kind: Kind, _ name: String, _ help: String) {
        self.name = name
        self.help = help
        self.kind = kind
    }

    /// A counter without labels.
    public static func counter(_ name: String, _ help: String, _ value: Int) -> Metric {
        counters(name, help, [([], value)])
    }

    /// A counter for each set of labels. All sets have the same names.
    public static func counters(
        _ name: String,
        _ help: String,
        _ series: [(labels: [Label], value: Int)]
    ) -> Metric {
        var metric = Metric(.counter, name, help)
        metric.samples = series.map { Sample(labels: $0.labels, value: Double($0.value)) }
        return metric
    }

    /// A counter whose unit has fractions.
    public static func counter(_ name: String, _ help: String, fraction: Double) -> Metric {
        var metric = Metric(.counter, name, help)
        metric.samples = [Sample(value: fraction)]
        return metric
    }

    /// A gauge.
    public static func gauge(
        _ name: String,
        _ help: String,
        _ value: Double,
        labels: [Label] = []
    ) -> Metric {
        var metric = Metric(.gauge, name, help)
        metric.samples = [Sample(labels: labels, value: value)]
        return metric
    }

    /// A gauge of whole things.
    public static func gauge(_ name: String, _ help: String, _ value: Int) -> Metric {
        gauge(name, help, Double(value))
    }

    /// A histogram without labels.
    public static func histogram(_ name: String, _ help: String, _ value: Histogram) -> Metric {
        histograms(name, help, [([], value)])
    }

    /// A histogram for each set of labels. All sets have the same names, none of them `le`.
    public static func histograms(
        _ name: String,
        _ help: String,
        _ series: [(labels: [Label], value: Histogram)]
    ) -> Metric {
        var metric = Metric(.histogram, name, help)
        for (labels, histogram) in series {
            var below = 0
            for (index, count) in histogram.counts.enumerated() {
                below += count
                let bound = index < histogram.bounds.count ? histogram.bounds[index] : .infinity
                metric.samples.append(
                    Sample(
                        suffix: "_bucket",
                        labels: labels + [("le", Exposition.number(bound))],
                        value: Double(below)
                    )
                )
            }
            metric.samples.append(Sample(suffix: "_sum", labels: labels, value: histogram.sum))
            metric.samples.append(Sample(suffix: "_count", labels: labels, value: Double(below)))
        }
        return metric
    }
}
