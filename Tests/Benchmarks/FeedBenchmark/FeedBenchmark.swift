import Deployments
import Dispatch
import Feed
import Foundation
import HTTP
import Journal
import SQLiteStore
import Synchronization

/// What `Tests/Benchmarks/feed` runs: the feed over HTTP, without an engine.
///
///   FeedBenchmark FOLDER DEPLOYMENTS
///
/// Keeps a journal in the folder, with so many deployments under way. `GET /events` is the feed;
/// `POST /publish` commits a progress event with the body as its message, of each deployment in turn.
/// Prints the port it listens on.
@main
struct FeedBenchmark {
    static func main() {
        // Ends with the process.
        Task.detached {
            do {
                try await run(CommandLine.arguments)
            } catch {
                print("failed: \(error)")
                exit(1)
            }
        }
        dispatchMain()
    }

    private static func run(_ arguments: [String]) async throws {
        guard arguments.count == 3, let count = Int(arguments[2]) else {
            print("see the source: FOLDER DEPLOYMENTS")
            exit(2)
        }
        let journal = try await SQLiteJournal.open(directory: arguments[1])
        var ids: [DeploymentID] = []
        for _ in 0..<count { ids.append(try await begin(in: journal)) }
        let feed = LiveFeed(journal: journal)
        let deployments = ids
        let turn = Atomic<Int>(0)
        let server = Server()
        let address = try server.bind(.tcp(host: "127.0.0.1", port: 0))
        try server.serve { request in
            guard request.method == .post else {
                let filter = FeedFilter(scope: DeploymentFilter(tenant: "default"))
                guard let subscription = await feed.subscribe(to: filter) else {
                    return Response(status: 503)
                }
                return Response(status: 200, body: .events(subscription))
            }
            let next = turn.add(1, ordering: .relaxed).oldValue % deployments.count
            let event = Event(
                deploymentID: deployments[next],
                timestamp: .now(),
                message: String(decoding: request.body, as: UTF8.self),
                stage: .pullingImage,
                progress: 20
            )
            let isKept = try? await journal.append(event, durability: .grouped)
            return Response(status: isKept == nil ? 500 : 204)
        }
        if case .tcp(_, let port) = address {
            try FileHandle.standardOutput.write(contentsOf: Data("\(port)\n".utf8))
        }
        await feed.run()
    }

    private static func begin(in journal: SQLiteJournal) async throws -> DeploymentID {
        let request = DeploymentRequest(
            app: "app",
            folder: "/srv/app",
            containerName: "fractalic-app",
            image: "localhost:5000/app:1"
        )
        let deployment = NewDeployment(
            id: DeploymentID(),
            tenant: "default",
            request: request,
            createdAt: .now()
        )
        let first = Event(
            deploymentID: deployment.id,
            timestamp: .now(),
            message: "Pulling",
            stage: .pullingImage,
            progress: 10
        )
        _ = try await journal.create(deployment, first: first, key: nil)
        return deployment.id
    }
}
