/// A metric with all its series at one moment.
public struct Metric: Sendable {
    /// The kinds of metrics.
    public enum Kind: String, Sendable {
        /// The value only grows, from 0 at the start of the process.
        case counter
        /// The value may go up and down.
        case gauge
        /// The values are counted by ranges.
        case histogram
    }

    /// A label's name and its value.
    public typealias Label = (name: String, value: String)

    /// One line of the exposition.
    struct Sample: Sendable {
        /// The text after the metric's name: `_bucket`, `_sum`, `_count` or nothing.
        var suffix = ""
        var labels: [Label] = []
        var value: Double
    }

    /// The name with its prefix, its unit and, for a counter, `_total`.
    public let name: String
    /// A sentence that says what the metric measures.
    public let help: String
    /// The metric's kind.
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

    /// A counter that may have a fraction.
    public static func counter(_ name: String, _ help: String, fraction: Double) -> Metric {
        var metric = Metric(.counter, name, help)
        metric.samples = [Sample(value: fraction)]
        return metric
    }

    /// A gauge with one series.
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

    /// A gauge with a whole number.
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
