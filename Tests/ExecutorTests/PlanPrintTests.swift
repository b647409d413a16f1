import Deployments
import Engine
import Foundation
import Testing

@testable import Executor

/// The plans of different deployments, each printed as its file in `fixtures/plans` says.
@Suite struct PlanPrintTests {
    /// A deployment with a plan of its own.
    struct Example: Sendable, CustomTestStringConvertible {
        /// The name of the file without `.txt`.
        let name: String
        var request = DeploymentRequest(
            app: "app",
            folder: "/srv/app",
            containerName: "web",
            image: "image:1"
        )
        var observed = Observed(name: "web")

        init(_ name: String, _ change: (inout Example) -> Void = { _ in }) {
            self.name = name
            change(&self)
        }

        var testDescription: String { name }

        /// Has the files come from a repository.
        fileprivate mutating func fetch() {
            guard let location = try? GitLocation("https://git.example/shop.git") else { return }
            request.source = .git(GitSource(location))
        }

        /// Has a server before this one have come to that stage, with a container or without one.
        fileprivate mutating func resume(
            in stage: Stage,
            withContainer hasContainer: Bool = false,
            started isStarted: Bool = false
        ) {
            observed.stage = stage
            observed.isObserved = true
            observed.leftovers = Observed.Leftovers()
            if hasContainer { observed.container = Observed.Made(id: "1", name: "web.1") }
            observed.isStarted = isStarted
        }
    }

    private static let examples: [Example] = [
        Example("image-and-folder"),
        Example("image-alone") { example in
            example.request = DeploymentRequest(
                app: "app",
                folder: nil,
                containerName: "web",
                image: "image:1"
            )
            example.request.copy = .none
        },
        Example("known-image") { example in
            example.observed.presentImage = Image(
                id: "sha256:1",
                os: "linux",
                architecture: "amd64"
            )
            example.observed.isHolderKnown = true
        },
        Example("pull-missing") { $0.request.pull = .missing },
        Example("pull-never") { $0.request.pull = .never },
        Example("git") { $0.fetch() },
        Example("build") { example in
            (example.request.build, example.request.copy) = (ImageBuild(), .none)
        },
        Example("build-from-git-and-copy") { example in
            example.fetch()
            example.request.build = ImageBuild()
        },
        Example("copy-before-start") { $0.request.copy = .beforeStart },
        Example("copy-before-start-beside-a-volume") { example in
            example.request.copy = .beforeStart
            example.request.volumes = [ContainerMount(.volume("data"), at: "/data")]
        },
        Example("release-command-in-a-network") { example in
            example.request.release = ReleaseCommand(words: ["migrate"])
            example.request.network = "backend"
            example.request.update.monitorSeconds = 10
        },
        Example("resumed-queued") { $0.observed.stage = .queued },
        Example("resumed-pulling") { $0.resume(in: .pullingImage) },
        Example("resumed-building") { example in
            example.request.build = ImageBuild()
            example.resume(in: .pullingImage)
        },
        Example("resumed-starting-created") { example in
            example.resume(in: .startingContainer, withContainer: true)
        },
        Example("resumed-starting-release-command") { example in
            example.request.release = ReleaseCommand(words: ["migrate"])
            example.resume(in: .startingContainer, withContainer: true)
        },
        Example("resumed-copying-started") { example in
            example.resume(in: .copyingFiles, withContainer: true, started: true)
        },
        Example("resumed-health-check") { example in
            example.resume(in: .healthCheck, withContainer: true, started: true)
        },
        Example("resumed-health-check-without-container") { $0.resume(in: .healthCheck) },
        Example("resumed-undoing") { example in
            example.resume(in: .startingContainer)
            example.observed.isUndoing = true
        },
        Example("taking-over") { example in
            example.resume(in: .healthCheck, withContainer: true, started: true)
            example.observed.isTakingOver = true
        },
    ]

    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "fixtures/plans")

    @Test(arguments: examples)
    func planIsPrintedAsItsFileSays(_ example: Example) throws {
        let file = Self.folder.appending(path: "\(example.name).txt")
        let wanted = try String(contentsOf: file, encoding: .utf8)
        let plan = Plan(for: example.request, given: example.observed)
        #expect(plan.description + "\n" == wanted)
    }

    @Test func everyFileHasItsExample() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(files.sorted() == Self.examples.map { "\($0.name).txt" }.sorted())
    }
}
