import Deployments
import Engine
import Testing

@testable import Executor

/// What the plan of a deployment has, and in which order. `PlanPrintTests` has whole plans.
@Suite struct PlanTests {
    private var request: DeploymentRequest {
        DeploymentRequest(app: "app", folder: "/srv/app", containerName: "web", image: "image:1")
    }

    private let image = Image(id: "sha256:1", os: "linux", architecture: "amd64")

    private func observed(_ body: (inout Observed) -> Void = { _ in }) -> Observed {
        var observed = Observed(name: "web")
        body(&observed)
        return observed
    }

    private func steps(_ plan: Plan) -> [Step] { plan.steps.map(\.step) }

    @Test func containerOfAKnownImageIsCreatedAtOnceIfTheJournalKnowsTheName() {
        let plan = Plan(
            for: request,
            given: observed {
                $0.presentImage = image
                $0.isHolderKnown = true
            }
        )
        #expect(!plan.contains(.inspectPresentImage))
        let assumption = plan.steps.first { $0.step == .createContainer }?.assumption
        #expect(assumption?.after.filter(plan.contains) == [.askPlatform])
        var inANetwork = request
        inANetwork.network = "backend"
        let other = Plan(
            for: inANetwork,
            given: observed {
                $0.presentImage = image
                $0.isHolderKnown = true
            }
        )
        let begins = other.steps.first { $0.step == .createContainer }?.assumption?.after
        #expect(begins?.filter(other.contains) == [.findNetwork])
    }

    @Test(arguments: [
        (PullPolicy.always, [Step.inspectPresentImage, .pullImage, .identifyImage]),
        (.missing, [.findImage, .pullImage, .identifyImage]),
        (.never, [.findImage]),
    ])
    func imageIsObtainedAsThePolicySays(_ policy: PullPolicy, _ wanted: [Step]) {
        var request = request
        request.pull = policy
        let plan = Plan(for: request, given: observed())
        #expect(plan.steps.filter { $0.stage == .pullingImage }.map(\.step) == wanted)
        let conditions = plan.steps.filter { $0.stage == .pullingImage }.dropFirst().map(\.given)
        #expect(policy != .missing || conditions.allSatisfy { $0 == .imageIsAbsent })
    }

    @Test func repositoryIsFetchedBeforeItsFilesAreCollected() throws {
        var request = request
        request.source = .git(GitSource(try GitLocation("https://git.example/shop.git")))
        let plan = Plan(for: request, given: observed())
        let fetch = try #require(plan.steps.first { $0.step == .fetchRepository })
        let collect = try #require(plan.steps.first { $0.step == .collectFiles })
        #expect(fetch.stage == .preparingFiles && fetch.isAhead && fetch.after.isEmpty)
        #expect(collect.after == [.fetchRepository])
        #expect(!steps(plan).contains(.openFolder))
        request.source = .archive(String(repeating: "0", count: 64))
        let other = steps(Plan(for: request, given: observed()))
        #expect(other.contains(.collectFiles) && !other.contains(.fetchRepository))
        // What went into the container before a restart is not fetched again.
        let copied = observed { observed in
            observed.stage = .healthCheck
            observed.container = Observed.Made(id: "1", name: "web")
            observed.isStarted = true
        }
        #expect(!steps(Plan(for: request, given: copied)).contains(.collectFiles))
    }

    @Test func imageIsBuiltOfWhatIsFetchedInTheStageOfThePull() throws {
        var request = request
        request.source = .git(GitSource(try GitLocation("https://git.example/shop.git")))
        (request.build, request.copy) = (ImageBuild(), .none)
        func stage(_ plan: Plan, _ stage: Stage) -> [PlannedStep] {
            plan.steps.filter { $0.stage == stage }
        }
        let plan = Plan(for: request, given: observed())
        let wanted: [Step] = [.fetchRepository, .collectContext, .buildImage, .identifyImage]
        #expect(stage(plan, .pullingImage).map(\.step) == wanted)
        #expect(stage(plan, .preparingFiles).isEmpty && stage(plan, .copyingFiles).isEmpty)
        #expect(!plan.contains(.findRoom) && !plan.contains(.pullImage))
        #expect(Plan.undo(of: [.buildImage]) == [.removeImage])
        // What a server before this one has built is not built again.
        let resumed = Plan(for: request, given: observed { $0.stage = .pullingImage })
        #expect(stage(resumed, .pullingImage).map(\.step) == [.findImage] + wanted)
        #expect(
            stage(resumed, .pullingImage).dropFirst().allSatisfy {
                $0.given == .imageIsAbsent && ($0.after.contains(.findImage) || !$0.isAhead)
            }
        )
        // If files are copied, too, they are collected once more.
        request.copy = .afterStart
        let copying = Plan(for: request, given: observed())
        #expect(stage(copying, .pullingImage).map(\.step) == wanted)
        #expect(stage(copying, .preparingFiles).map(\.step) == [.collectFiles])
        let both = Plan(for: request, given: observed { $0.stage = .pullingImage })
        #expect(both.steps.first { $0.step == .fetchRepository }?.given == nil)
    }

    @Test func filesGoInBeforeTheStartIfTheRequestSaysSo() {
        var request = request
        request.copy = .beforeStart
        let order = steps(Plan(for: request, given: observed()))
            .filter { [.createContainer, .copyFiles, .startContainer].contains($0) }
        #expect(order == [.createContainer, .copyFiles, .startContainer])
    }

    @Test func withoutAFolderNothingIsReadOrCopied() {
        var request = DeploymentRequest(
            app: "app",
            folder: nil,
            containerName: "web",
            image: "image:1"
        )
        request.copy = .none
        let plan = Plan(for: request, given: observed())
        #expect(steps(plan).first == .askPlatform)
        let folder: [Step] = [.openFolder, .collectFiles, .readFiles, .copyFiles]
        #expect(!folder.contains(where: plan.contains))
    }

    @Test func releaseCommandRunsWhenTheWayIsFreeAndBeforeTheStart() {
        var request = request
        request.release = ReleaseCommand(words: ["migrate"])
        let order = steps(Plan(for: request, given: observed()))
            .filter { [.makeWay, .runRelease, .startContainer].contains($0) }
        #expect(order == [.makeWay, .runRelease, .startContainer])
        let released = Plan(
            for: request,
            given: observed {
                $0.stage = .startingContainer
                $0.container = Observed.Made(id: "1", name: "web.1")
                $0.isReleased = true
            }
        )
        #expect(!released.contains(.runRelease) && released.contains(.startContainer))
        // Its container needs the files, too, whatever the other one has.
        request.copy = .beforeStart
        let filled = Plan(
            for: request,
            given: observed {
                $0.stage = .startingContainer
                $0.container = Observed.Made(id: "1", name: "web.1")
            }
        )
        #expect(filled.contains(.collectFiles) && !filled.contains(.copyFiles))
    }

    @Test func wayIsMadeBeforeAVolumeIsWrittenByTheCopy() {
        var request = request
        request.copy = .beforeStart
        func place(_ request: DeploymentRequest) -> [Step] {
            steps(Plan(for: request, given: observed())).filter {
                [.makeWay, .copyFiles, .findVolumes].contains($0)
            }
        }
        #expect(place(request) == [.copyFiles, .makeWay])
        request.volumes = [ContainerMount(.volume("data"), at: "/data")]
        #expect(place(request) == [.findVolumes, .makeWay, .copyFiles])
    }

    @Test func whatAServerBeforeHasDoneIsNotDoneAgain() {
        let created = Plan(
            for: request,
            given: observed {
                $0.stage = .startingContainer
                $0.container = Observed.Made(id: "1", name: "web.1")
            }
        )
        #expect(
            steps(created).prefix(4)
                == [.collectFiles, .createContainer, .makeWay, .startContainer]
        )
        let filled = Plan(
            for: request,
            given: observed {
                $0.stage = .healthCheck
                $0.container = Observed.Made(id: "1", name: "web.1")
                $0.isStarted = true
            }
        )
        #expect(
            steps(filled).prefix(4)
                == [.createContainer, .inspectContainer, .awaitHealth, .setAside]
        )
        // A container that runs is inspected before files are copied into it.
        let running = Plan(
            for: request,
            given: observed {
                $0.stage = .startingContainer
                $0.container = Observed.Made(id: "1", name: "web.1")
                $0.isStarted = true
            }
        )
        #expect(running.contains(.copyFiles) && !running.contains(.readFiles))
        // Files that were copied are lost with their container; the image need not be pulled again.
        let lost = Plan(for: request, given: observed { $0.stage = .healthCheck })
        #expect(lost.contains(.copyFiles) && lost.contains(.findImage))
        #expect(lost.steps.first { $0.step == .createContainer }?.assumption == nil)
    }

    @Test func policyIsSetOnlyIfThereIsOne() {
        #expect(Plan(for: request, given: observed()).contains(.setRestartPolicy))
        var request = request
        request.restart = "no"
        #expect(!Plan(for: request, given: observed()).contains(.setRestartPolicy))
    }

    @Test func whatHasTakenAnothersPlaceOnlyGoesOn() {
        let plan = Plan(for: request, given: observed { $0.isTakingOver = true })
        #expect(
            steps(plan) == [
                .inspectContainer, .awaitHealth, .setAside, .takeName, .stopPrevious,
                .removePrevious, .removeImages,
            ]
        )
    }

    @Test func whatWasBegunIsTakenBackInOrder() {
        #expect(Plan.undo(of: [.openFolder, .pullImage]) == [])
        #expect(Plan.undo(of: [.makeWay, .createContainer]) == [.removeContainer, .startPrevious])
        #expect(Plan.undo(of: Set(Step.allCases)) == Undo.allCases)
    }

    @Test(arguments: CopyOrder.allCases)
    func everyStepWaitsOnlyForStepsBeforeItAndStagesAreInOrder(_ order: CopyOrder) {
        var request = request
        request.copy = order
        for policy in PullPolicy.allCases {
            request.pull = policy
            let plan = Plan(for: request, given: observed())
            let order = steps(plan)
            #expect(Set(order).count == order.count)
            for (index, planned) in plan.steps.enumerated() {
                let awaited = (planned.after + (planned.assumption?.after ?? []))
                    .filter(plan.contains)
                #expect(awaited.allSatisfy { order[..<index].contains($0) }, "\(planned.step)")
            }
            let stages = Stage.pipeline(request.copy)
            let places = plan.steps.compactMap { stages.firstIndex(of: $0.stage) }
            #expect(places == places.sorted())
        }
    }
}
