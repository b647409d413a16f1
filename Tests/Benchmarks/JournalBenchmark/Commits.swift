import Deployments
import Foundation
import Journal
import SQLiteStore

/// How long commits take: through the journal, and through SQLite alone.
struct Commits: Sendable {
    let folder: String

    /// Times of one way to commit.
    private struct Measurement {
        let name: String
        let events: Int
        let seconds: Double
        /// Of each call, in microseconds.
        let latencies: [Double]

        var rate: Double { Double(events) / seconds }
    }

    /// Prints each way's median over the rounds. In a round all take their turn, so that what
    /// slows the disk down slows all of them.
    func measure(rounds: Int) async throws {
        var all: [String: [Measurement]] = [:]
        var names: [String] = []
        for round in 0..<rounds {
            let path = "\(folder)/round\(round)"
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true
            )
            for measurement in try await turn(path) {
                if all[measurement.name] == nil { names.append(measurement.name) }
                all[measurement.name, default: []].append(measurement)
            }
            try FileManager.default.removeItem(atPath: path)
        }
        func rate(_ name: String) -> Double { median((all[name] ?? []).map(\.rate)) }
        print("                                      events/s   median us      p99 us")
        for name in names {
            let latencies = (all[name] ?? []).flatMap(\.latencies).sorted()
            let columns = [
                rate(name), median(latencies), latencies[latencies.count * 99 / 100],
            ].map { value in
                let text = String(format: "%.0f", value)
                return String(repeating: " ", count: max(0, 12 - text.count)) + text
            }
            let pad = String(repeating: " ", count: max(1, 34 - name.count))
            print(name + pad + columns.joined())
        }
        for (name, limit) in [
            ("journal, 1 caller, durable", "plain, 1 row, FULL"),
            ("journal, 1 caller, grouped", "plain, 1 row, NORMAL"),
            ("journal, 32 callers, durable", "plain, 1 row, FULL"),
            ("journal, 32 callers, durable", "plain, 100 rows, FULL"),
            ("journal, 32 callers, grouped", "plain, 100 rows, NORMAL"),
        ] {
            // Within a round, then the median: rounds may differ.
            let ratios = zip(all[name] ?? [], all[limit] ?? []).map { $0.rate / $1.rate }
            print(String(format: "ratio %.2f  ", median(ratios)) + "\(name) / \(limit)")
        }
    }

    private func turn(_ path: String) async throws -> [Measurement] {
        let text = Sample(number: 1).event(.pullingImage).json.text
        var measurements: [Measurement] = []
        for (isDurable, word) in [(true, "FULL"), (false, "NORMAL")] {
            for (rows, count) in [(1, 2000), (100, 200)] {
                let database = PlainSQLite(
                    path: "\(path)/plain-\(rows)-\(word)",
                    isDurable: isDurable
                )
                let (seconds, latencies) = time(count) { database.insert(text, rows: rows) }
                let name = "plain, \(rows) row\(rows == 1 ? "" : "s"), \(word)"
                measurements.append(
                    Measurement(
                        name: name,
                        events: rows * count,
                        seconds: seconds,
                        latencies: latencies
                    )
                )
            }
        }
        for (durability, word) in [(Durability.durable, "durable"), (.grouped, "grouped")] {
            for (callers, count) in [(1, 2000), (32, 500)] {
                let journal = try await SQLiteJournal.open(directory: "\(path)/\(word)-\(callers)")
                var samples: [Sample] = []
                for number in 0..<callers {
                    let sample = Sample(number: number)
                    samples.append(sample)
                    _ = try await journal.create(
                        sample.deployment,
                        first: sample.event(.pullingImage),
                        key: nil
                    )
                }
                let start = ContinuousClock.now
                let latencies = try await withThrowingTaskGroup(of: [Double].self) { group in
                    for sample in samples {
                        group.addTask {
                            try await append(sample, count, durability, to: journal)
                        }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                let seconds = (ContinuousClock.now - start) / .seconds(1)
                await journal.close()
                measurements.append(
                    Measurement(
                        name: "journal, \(callers) caller\(callers == 1 ? "" : "s"), \(word)",
                        events: callers * count,
                        seconds: seconds,
                        latencies: latencies
                    )
                )
            }
        }
        return measurements
    }

    private func append(
        _ sample: Sample,
        _ count: Int,
        _ durability: Durability,
        to journal: SQLiteJournal
    ) async throws -> [Double] {
        var latencies: [Double] = []
        for _ in 0..<count {
            let start = ContinuousClock.now
            let event = sample.event(.pullingImage)
            _ = try await journal.append(event, durability: durability)
            latencies.append((ContinuousClock.now - start) / .microseconds(1))
        }
        return latencies
    }

    private func time(_ count: Int, _ body: () -> Void) -> (Double, [Double]) {
        var latencies: [Double] = []
        let clock = ContinuousClock()
        let whole = clock.measure {
            for _ in 0..<count { latencies.append(clock.measure(body) / .microseconds(1)) }
        }
        return (whole / .seconds(1), latencies)
    }

    private func median(_ values: [Double]) -> Double {
        values.isEmpty ? .nan : values.sorted()[values.count / 2]
    }
}
