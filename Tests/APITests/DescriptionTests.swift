import Docker
import Executor
import Feed
import Foundation
import HTTP
import Journal
import Pages
import SQLiteStore
import Subprocess
import Testing
import Workloads

@testable import API
@testable import Deployments

/// Whether the OpenAPI document says what the program does.
@Suite struct DescriptionTests {
    private let document: JSONValue

    init() throws {
        document = try JSONValue(parsing: Pages.description)
    }

    @Test func everyRouteIsDescribedAndNothingElse() async throws {
        let folder = NSTemporaryDirectory() + "description-\(UUID().uuidString)"
        // The system clears what is left here.
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let journal = try await SQLiteJournal.open(directory: folder)
        let routes = try Set(
            api(journal, folder).router.table.map { "\($0.method) \($0.pattern)" }
        )
        await journal.close()
        var described: Set<String> = []
        for path in document["paths"]?.members ?? [] {
            for operation in path.value.members ?? [] {
                described.insert("\(operation.name.uppercased()) \(path.name)")
            }
        }
        #expect(routes.subtracting(described) == [], "not described")
        #expect(described.subtracting(routes) == [], "not there")
    }

    private func api(_ journal: SQLiteJournal, _ folder: String) throws -> API {
        let engine = DockerEngine(
            DockerConfiguration(executable: "/bin/false"),
            runner: CommandRunner()
        )
        return API(
            executor: Executor(
                options: ExecutorOptions(privateFolder: folder, roots: SourceRoots([])),
                engine: engine,
                journal: journal
            ),
            journal: journal,
            workloads: WorkloadMonitor(
                options: WorkloadOptions(),
                engine: engine,
                journal: journal,
                note: { _ in }
            ),
            streams: DeploymentStreams(journal: journal),
            feed: LiveFeed(journal: journal),
            defaults: RequestDefaults(),
            roots: SourceRoots([]),
            archives: ExecutorOptions(privateFolder: "", roots: SourceRoots([])).archives,
            access: AccessOptions(),
            control: AccessControl(tokens: nil, end: { _ in }),
            permits: StreamPermits(10),
            engine: EnginePing(engine: engine),
            volumes: VolumeList(engine: engine),
            metrics: MetricSources(
                version: "0",
                deployments: DeploymentMetrics(),
                server: { ServerStatistics() },
                commands: { CommandStatistics() },
                commits: { CommitStatistics() },
                webhooks: { [] }
            )
        )
    }

    /// What lies at a path of names below the document's schemas: `Plan.properties.ok`.
    private func schema(_ path: String) -> JSONValue? {
        path.split(separator: ".").reduce(document["components"]?["schemas"]) { $0?[String($1)] }
    }

    private func words(_ path: String) -> [String] {
        schema(path)?["enum"]?.elements?.compactMap(\.string) ?? []
    }

    private func names(_ path: String) -> [String] {
        schema(path)?["properties"]?.members?.map(\.name) ?? []
    }

    @Test func theRequestHasTheFieldsThatTheDecoderKnows() {
        #expect(names("DeploymentRequest").sorted() == RequestDecoding.fields.sorted())
        #expect(schema("DeploymentRequest.additionalProperties") == .bool(false))
        #expect(
            schema("DeploymentRequest.required")?.elements?.compactMap(\.string)
                == ["script_name"]
        )
    }

    @Test func wordsAreThoseOfTheProgram() {
        #expect(words("Stage") == Stage.allCases.map(\.rawValue))
        #expect(words("DeploymentStatus") == DeploymentStatus.allCases.map(\.rawValue))
        #expect(words("FailureCode") == FailureCode.allCases.map(\.rawValue))
        #expect(words("WorkloadState") == WorkloadState.allCases.map(\.rawValue))
        let steps =
            Stage.pipeline(.afterStart).map(\.rawValue) + WorkloadStep.allCases.map(\.rawValue)
        #expect(words("TimelineEntry.properties.name") == steps)
        #expect(
            words("TimelineEntry.properties.status")
                == TimelineEntry.StepStatus.allCases.map(\.rawValue)
        )
        #expect(
            words("Plan.properties.checks.items.properties.name")
                == CheckReport.Check.Subject.allCases.map(\.rawValue)
        )
        func choices(_ field: String) -> [String] {
            words("DeploymentRequest.properties.\(field)")
        }
        #expect(choices("pull") == PullPolicy.allCases.map(\.rawValue))
        #expect(choices("on_conflict") == ConflictPolicy.allCases.map(\.rawValue))
        #expect(choices("copy") == CopyOrder.allCases.map(\.rawValue))
        let kinds = schema("FeedEvent.oneOf")?.elements?.compactMap {
            $0["properties"]?["type"]?["const"]?.string
        }
        #expect(kinds == FeedEvent.Kind.allCases.map(\.rawValue))
    }

    @Test func everyMemberOfARecordIsDescribed() {
        let request = DeploymentRequest(app: "a", folder: "/a", containerName: "a", image: "a")
        let now = Timestamp(microseconds: 0)
        let record = DeploymentRecord(
            number: 1,
            deployment: NewDeployment(
                id: DeploymentID(),
                tenant: "default",
                request: request,
                createdAt: now
            ),
            state: DeploymentState(createdAt: now, copy: .afterStart)
        )
        #expect(names("Deployment") == record.json.members?.map(\.name))
        #expect(names("DeploymentRow") == record.row.members?.map(\.name))
        let failure = Failure(code: .stalled, stage: .pullingImage, message: "", hint: "")
        #expect(names("Failure") == failure.json.members?.map(\.name))
        let result = DeploymentResult(success: true, message: "", containerName: "", image: "")
        #expect(names("Result") == result.json.members?.map(\.name))
        #expect(
            names("Result.properties.metadata") == result.json["metadata"]?.members?.map(\.name)
        )
    }
}
