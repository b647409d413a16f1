import Testing

@testable import Metrics

@Suite struct ExpositionTests {
    @Test func aCounterWithLabelsIsWrittenWithItsHelpAndType() {
        let metric = Metric.counters(
            "slipway_deployments_total",
            "Deployments that have ended.",
            [
                ([("status", "success"), ("code", "none")], 2),
                ([("status", "failed"), ("code", "disk_full")], 0),
            ]
        )
        #expect(
            Exposition.text([metric]) == """
                # HELP slipway_deployments_total Deployments that have ended.
                # TYPE slipway_deployments_total counter
                slipway_deployments_total{status="success",code="none"} 2
                slipway_deployments_total{status="failed",code="disk_full"} 0

                """
        )
    }

    @Test func whatWouldEndALabelOrALineIsEscaped() {
        let metric = Metric.gauge(
            "slipway_build_info",
            "One \\ and\ntwo \"lines\".",
            1,
            labels: [("version", "a\\b\"c\nd")]
        )
        #expect(
            Exposition.text([metric]) == #"""
                # HELP slipway_build_info One \\ and\ntwo "lines".
                # TYPE slipway_build_info gauge
                slipway_build_info{version="a\\b\"c\nd"} 1

                """#
        )
    }

    @Test func aHistogramsBucketsAddUp() {
        var histogram = Histogram(bounds: [0.5, 1, 10])
        for value in [0.25, 0.5, 0.75, 10, 11] { histogram.observe(value) }
        let metric = Metric.histograms("slipway_x_seconds", "X.", [([("stage", "a")], histogram)])
        #expect(
            Exposition.text([metric]) == """
                # HELP slipway_x_seconds X.
                # TYPE slipway_x_seconds histogram
                slipway_x_seconds_bucket{stage="a",le="0.5"} 2
                slipway_x_seconds_bucket{stage="a",le="1"} 3
                slipway_x_seconds_bucket{stage="a",le="10"} 4
                slipway_x_seconds_bucket{stage="a",le="+Inf"} 5
                slipway_x_seconds_sum{stage="a"} 22.5
                slipway_x_seconds_count{stage="a"} 5

                """
        )
        #expect(histogram.count == 5)
    }

    @Test(arguments: [
        (0.0, "0"), (-3.0, "-3"), (0.1, "0.1"), (0.00001, "1e-05"),
        (1_795_245_518.25, "1795245518.25"),
        (9_007_199_254_740_992, "9007199254740992"), (.infinity, "+Inf"), (-.infinity, "-Inf"),
        (.nan, "NaN"),
    ])
    func numbersAreWrittenAsGoReadsThem(_ number: Double, _ text: String) {
        #expect(Exposition.number(number) == text)
    }
}

@Suite struct CounterTests {
    @Test func addingFromManyTasksLosesNothing() async {
        let counter = Counter()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<100 { group.addTask { counter.add(number) } }
        }
        #expect(counter.value == 4950)
    }

    @Test func durationsAreSecondsInAHistogram() {
        var histogram = Histogram(bounds: [0.001, 0.01])
        histogram.observe(.milliseconds(1))
        histogram.observe(.microseconds(1500))
        #expect(histogram.counts == [1, 1, 0])
        #expect(abs(histogram.sum - 0.0025) < 1e-9)
    }
}
