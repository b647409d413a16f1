import Deployments
import Dispatch
import Foundation
import Journal
import SQLiteStore

/// What `Tests/Benchmarks/journal` runs; it tells what is measured.
///
///   JournalBenchmark commits FOLDER ROUNDS
///   JournalBenchmark fill FOLDER DEPLOYMENTS EVENTS
///   JournalBenchmark prune FOLDER KEEP
@main
struct JournalBenchmark {
    static func main() {
        // Ends the process.
        Task.detached {
            do {
                try await run(Array(CommandLine.arguments.dropFirst()))
                exit(0)
            } catch {
                print("failed: \(error)")
                exit(1)
            }
        }
        dispatchMain()
    }

    private static func run(_ arguments: [String]) async throws {
        let numbers = arguments.dropFirst(2).compactMap { Int($0) }
        switch (arguments.first, arguments.dropFirst().first, numbers.count) {
        case ("commits", let folder?, 1):
            try await Commits(folder: folder).measure(rounds: numbers[0])
        case ("fill", let folder?, 2):
            try await fill(folder, deployments: numbers[0], events: numbers[1])
        case ("prune", let folder?, 1):
            try await prune(folder, keep: numbers[0])
        default:
            print("see the source: commits, fill or prune")
        }
    }

    /// Fills a journal with so many deployments of 50 apps, one in 50 of them failed, and prints the
    /// id of one more, with 1,000 events.
    private static func fill(_ folder: String, deployments: Int, events: Int) async throws {
        let journal = try await SQLiteJournal.open(directory: folder)
        let callers = 200
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<callers {
                group.addTask {
                    for number in stride(from: caller, to: deployments, by: callers) {
                        let stage = number / 50 % 50 == 0 ? Stage.error : .completed
                        try await keep(number, events: events, end: stage, in: journal)
                    }
                }
            }
            try await group.waitForAll()
        }
        let long = try await keep(1, events: 1000, end: .error, in: journal)
        await journal.close()
        print(long)
    }

    /// Forgets all but so many deployments of each app, while another caller commits.
    private static func prune(_ folder: String, keep: Int) async throws {
        let journal = try await SQLiteJournal.open(directory: folder)
        let sample = Sample(number: 0)
        _ = try await journal.create(sample.deployment, first: sample.event(.validating), key: nil)
        // Cancelled and awaited below.
        let committing = Task {
            var latencies: [Double] = []
            while !Task.isCancelled {
                let event = sample.event(.pullingImage)
                let start = ContinuousClock.now
                _ = try await journal.append(event, durability: .durable)
                latencies.append((ContinuousClock.now - start) / .milliseconds(1))
            }
            return latencies.sorted()
        }
        let start = ContinuousClock.now
        let count = try await journal.prune(Retention(count: keep, days: 90), at: .now())
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        committing.cancel()
        let latencies = try await committing.value
        await journal.close()
        print(
            String(
                format:
                    "%d forgotten in %.1f s; a commit meanwhile: median %.2f ms, p99 %.2f ms, most %.1f ms",
                count,
                seconds,
                latencies[latencies.count / 2],
                latencies[latencies.count * 99 / 100],
                latencies[latencies.count - 1]
            )
        )
    }

    @discardableResult
    private static func keep(
        _ number: Int,
        events: Int,
        end: Stage,
        in journal: SQLiteJournal
    ) async throws -> DeploymentID {
        let sample = Sample(number: number)
        let stages = Stage.pipeline(.afterStart)
        _ = try await journal.create(sample.deployment, first: sample.event(.validating), key: nil)
        for event in 1..<events - 1 {
            let stage = stages[event * stages.count / events]
            _ = try await journal.append(sample.event(stage), durability: .grouped)
        }
        _ = try await journal.append(sample.event(end), durability: .grouped)
        if end == .completed, number / 50 % 20 != 1 {
            let gone = WorkloadEvent(
                deploymentID: sample.deployment.id,
                timestamp: .now(),
                message: "The container has been removed",
                state: .removed,
                health: [:]
            )
            _ = try await journal.append(gone)
        }
        return sample.deployment.id
    }
}

/// A deployment and its events, about as large as real ones.
struct Sample: Sendable {
    let deployment: NewDeployment

    init(number: Int) {
        var request = DeploymentRequest(
            app: "app\(number % 50)",
            folder: "/srv/apps/app\(number % 50)",
            containerName: "fractalic-app\(number % 50)",
            image: "localhost:5000/web:1"
        )
        request.ports = [PortMapping(name: "frontend", container: 3000)]
        deployment = NewDeployment(
            id: DeploymentID(),
            tenant: "default",
            request: request,
            createdAt: .now()
        )
    }

    func event(_ stage: Stage) -> Event {
        var outcome: Event.Outcome?
        if stage.isFinal {
            var result = DeploymentResult(
                success: stage == .completed,
                message: "Deployment completed successfully",
                containerName: deployment.containerName,
                image: deployment.image
            )
            result.imageID = "sha256:" + String(repeating: "0123456789abcdef", count: 4)
            result.imageDigest = result.imageID
            result.urls = ["frontend": "http://localhost:32768"]
            result.healthStatus = ["frontend": true]
            result.durations = Stage.pipeline(.afterStart).map { ($0, 812) }
            let failure = Failure(
                code: .imageNotFound,
                stage: .pullingImage,
                message: "There is no image localhost:5000/web:1.",
                hint: "See that the name and the tag are right."
            )
            outcome = Event.Outcome(result: result, failure: stage == .error ? failure : nil)
        }
        return Event(
            deploymentID: deployment.id,
            timestamp: .now(),
            message: "Pulling localhost:5000/web:1 (41.2 of 96.0 MB)",
            stage: stage,
            progress: stage.band(.afterStart).lowerBound,
            detail: stage.isFinal
                ? nil
                : [
                    "bytes_done": .integer(41_200_000), "bytes_total": .integer(96_000_000),
                    "bytes_per_second": .integer(20_500_000), "eta_seconds": .integer(3),
                    "layers_done": .integer(2), "layers_total": .integer(6),
                ],
            outcome: outcome
        )
    }
}
