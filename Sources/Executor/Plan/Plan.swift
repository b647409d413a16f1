import Deployments

/// What a deployment does, in order: which step belongs to which stage, what it waits for, and when it
/// may begin ahead of its stage.
///
/// It is made of the request and of what has been observed, and changes nothing itself; `Pipeline`
/// carries it out. A deployment that a server before this one has begun, and one whose image is known,
/// have other plans, made of the same steps.
struct Plan: Sendable, Equatable {
    /// The steps in the order in which they are waited for.
    private(set) var steps: [PlannedStep] = []

    /// The plan of what a request asks for, given what is known so far.
    init(for request: DeploymentRequest, given observed: Observed) {
        if observed.leftovers != nil { add(.removeLeftovers, in: .validating) }
        guard !observed.isUndoing else { return }
        guard !observed.isTakingOver else {
            add(.inspectContainer, in: .startingContainer)
            add(.awaitHealth, in: .healthCheck)
            cutOver(request, observed)
            for index in steps.indices {
                (steps[index].isUncancellable, steps[index].isIrrevocable) = (true, true)
            }
            return
        }
        if observed.container == nil {
            check(request, observed)
            if request.build == nil {
                obtainImage(request, observed)
            } else {
                buildImage(request, observed)
            }
        }
        let copies = request.copy != .none && !observed.isPast(.copyingFiles, request.copy)
        // The files are read while the image is pulled.
        let releases = request.release != nil && !observed.isStarted && !observed.isReleased
        if request.copy != .none, copies || releases {
            if case .git = request.source, !contains(.fetchRepository) {
                add(.fetchRepository, in: .preparingFiles, isAhead: true)
            }
            add(.collectFiles, in: .preparingFiles, after: [.fetchRepository], isAhead: true)
        }
        create(request, observed)
        switch request.copy {
        case .afterStart, .none:
            start(observed, releases)
            if copies, !observed.isStarted {
                add(
                    .readFiles,
                    in: .copyingFiles,
                    given: .folderIsSmall,
                    after: [.collectFiles, .makeWay],
                    isAhead: true,
                    isAwaited: false
                )
            }
            if copies {
                // The engine does not answer questions about a container while files are copied into it,
                // which takes long if the folder is slow. So only files that have been read are copied
                // before the inspection.
                add(
                    .copyFiles,
                    in: .copyingFiles,
                    after: [.inspectContainer],
                    isAhead: true,
                    assuming: Assumption(.filesAreRead, after: [.startContainer, .readFiles])
                )
            }
        case .beforeStart:
            // The copy may write into a volume that only one container may write.
            if !observed.isStarted, request.volumes.contains(where: { !$0.isReadOnly }) {
                add(.makeWay, in: .copyingFiles)
            }
            if copies { add(.copyFiles, in: .copyingFiles) }
            start(observed, releases)
        }
        add(.awaitHealth, in: .healthCheck)
        if request.update.monitorSeconds > 0 { add(.monitorStability, in: .healthCheck) }
        cutOver(request, observed)
    }

    /// Sees that the engine answers, that the folder is readable, that the networks and volumes can be used,
    /// and that the name is free or ours.
    private mutating func check(_ request: DeploymentRequest, _ observed: Observed) {
        if request.folder != nil { add(.openFolder, in: .validating) }
        add(.askPlatform, in: .validating)
        if !request.networksToFind.isEmpty { add(.findNetwork, in: .validating) }
        if !request.volumes.isEmpty { add(.findVolumes, in: .validating) }
        if request.pull != .never, request.build == nil, observed.stage == nil,
            observed.presentImage == nil
        {
            add(.findRoom, in: .validating)
        }
        // If the container is created early, the creation shows whether the name is free.
        add(.findHolder, in: .validating)
    }

    /// Gets the image as the request's policy says. A server before this one may have pulled it.
    private mutating func obtainImage(_ request: DeploymentRequest, _ observed: Observed) {
        let isPulled = observed.isPast(.pullingImage, request.copy)
        guard request.pull == .always, !isPulled else {
            add(.findImage, in: .pullingImage)
            guard request.pull != .never else { return }
            add(.pullImage, in: .pullingImage, given: .imageIsAbsent)
            add(.identifyImage, in: .pullingImage, given: .imageIsAbsent)
            return
        }
        if observed.stage == nil, observed.presentImage == nil {
            add(.inspectPresentImage, in: .pullingImage, isAhead: true, isAwaited: false)
        }
        add(.pullImage, in: .pullingImage, isAhead: true)
        add(.identifyImage, in: .pullingImage)
    }

    /// Builds the image of the source's files. A server before this one may have built it.
    private mutating func buildImage(_ request: DeploymentRequest, _ observed: Observed) {
        var isMissing: Condition?
        if observed.stage != nil {
            add(.findImage, in: .pullingImage)
            isMissing = .imageIsAbsent
        }
        if case .git = request.source {
            // The files that are copied come from it, too.
            let given = request.copy == .none ? isMissing : nil
            add(
                .fetchRepository,
                in: .pullingImage,
                given: given,
                after: given == nil ? [] : [.findImage],
                isAhead: true
            )
        }
        add(
            .collectContext,
            in: .pullingImage,
            given: isMissing,
            after: [.findImage, .fetchRepository],
            isAhead: true
        )
        add(.buildImage, in: .pullingImage, given: isMissing)
        add(.identifyImage, in: .pullingImage, given: isMissing)
    }

    /// Mostly the image that is here is the newest, and the container can be made of it while the pull
    /// asks. The result shows in the stage of the creation, even if it is a failure.
    private mutating func create(_ request: DeploymentRequest, _ observed: Observed) {
        var assumption: Assumption?
        if observed.stage == nil, request.pull == .always, request.build == nil {
            let seen: Step =
                observed.isHolderKnown
                ? lastCheck(request) : .findHolder
            assumption = Assumption(
                .imageIsHere,
                after: [seen, .inspectPresentImage],
                unless: .pullBringsAnother
            )
        }
        // A container that a server before this one has made may hold files already, and is kept.
        var discards: [Discard] = observed.container == nil ? [.isIncomplete] : []
        // Nobody pulls an image that is built.
        if observed.container == nil, request.build == nil { discards.append(.imageHasChanged) }
        add(
            .createContainer,
            in: request.copy == .beforeStart ? .copyingFiles : .startingContainer,
            after: [.findHolder, .findImage, .identifyImage],
            isAhead: true,
            assuming: assumption,
            discarding: discards
        )
    }

    /// The last step of the validation before the holder of the name is looked for.
    private func lastCheck(_ request: DeploymentRequest) -> Step {
        if !request.volumes.isEmpty { return .findVolumes }
        return request.networksToFind.isEmpty ? .askPlatform : .findNetwork
    }

    /// Starts the container, after the previous one has made way and the release command has run.
    private mutating func start(_ observed: Observed, _ releases: Bool) {
        if !observed.isStarted {
            if !contains(.makeWay) { add(.makeWay, in: .startingContainer) }
            if releases { add(.runRelease, in: .startingContainer) }
            add(.startContainer, in: .startingContainer)
        }
        add(.inspectContainer, in: .startingContainer)
    }

    /// The new container takes the name of the one that it replaces. A name that cannot be given still
    /// undoes the deployment. Before the previous container is stopped, the journal is told that the new
    /// one serves, and from then on no error matters any more.
    private mutating func cutOver(_ request: DeploymentRequest, _ observed: Observed) {
        let start = steps.endIndex
        add(.setAside, in: .healthCheck, given: .somethingIsReplaced)
        add(.takeName, in: .healthCheck, given: .nameDiffers)
        // It is set beside the renaming, and before the previous container is stopped. A container is made
        // without one.
        if !observed.isTakingOver, request.restart != "no" {
            add(
                .setRestartPolicy,
                in: .healthCheck,
                given: .isCuttingOver,
                after: [.awaitHealth, .monitorStability],
                isAhead: true
            )
        }
        // The end of an engine ends a container that has no restart policy yet.
        if !observed.isTakingOver {
            add(.confirmRunning, in: .healthCheck, given: .engineWasAway)
        }
        let serving = steps.endIndex
        add(.stopPrevious, in: .healthCheck, given: .somethingIsReplaced)
        add(.removePrevious, in: .healthCheck, given: .somethingIsReplaced)
        add(.removeImages, in: .healthCheck)
        for index in steps.indices {
            steps[index].isUncancellable = index >= start
            steps[index].isIrrevocable = index >= serving
        }
    }

    private mutating func add(
        _ step: Step,
        in stage: Stage,
        given: Condition? = nil,
        after: [Step] = [],
        isAhead: Bool = false,
        assuming: Assumption? = nil,
        discarding discards: [Discard] = [],
        isAwaited: Bool = true
    ) {
        // Nothing is made beside what is to be removed.
        let isFirst = isAhead && !after.contains(where: contains)
        let after = isFirst && contains(.removeLeftovers) ? [.removeLeftovers] : after
        steps.append(
            PlannedStep(
                step: step,
                stage: stage,
                given: given,
                after: after,
                isAhead: isAhead,
                assumption: assuming,
                discards: discards,
                isAwaited: isAwaited
            )
        )
    }

    /// What takes back the steps that may have been begun.
    static func undo(of begun: Set<Step>) -> [Undo] {
        let undone = Set(begun.compactMap(\.undo))
        return Undo.allCases.filter(undone.contains)
    }
}

/// A step in its place.
struct PlannedStep: Sendable, Equatable {
    let step: Step
    /// The stage in which the step is waited for, after the steps before it.
    let stage: Stage
    /// The step is left out unless this holds when its turn comes.
    var given: Condition?
    /// The steps that must be done before it may begin ahead of its stage. A step that is not in the plan
    /// counts as done.
    var after: [Step] = []
    /// Whether it begins ahead of its stage, as soon as those are done.
    var isAhead = false
    /// If this holds, it begins even earlier.
    var assumption: Assumption?
    /// When its work is thrown away and done again.
    var discards: [Discard] = []
    /// Whether its stage waits for it. Steps that begin after it wait for it in any case.
    var isAwaited = true
    /// Whether the deployment can no longer be cancelled when this begins.
    var isUncancellable = false
    /// Whether nothing is undone any more if this step, or one after it, fails.
    var isIrrevocable = false
}

/// What lets a step begin before all is known.
struct Assumption: Sendable, Equatable {
    let condition: Condition
    let after: [Step]
    /// When the assumption was wrong: the step's work is thrown away, and done again in its stage. Nil if the
    /// condition cannot turn out to be wrong.
    let refutation: Discard?

    init(_ condition: Condition, after: [Step], unless refutation: Discard? = nil) {
        self.condition = condition
        self.after = after
        self.refutation = refutation
    }
}

extension Plan: CustomStringConvertible {
    /// A line for each stage and each step. Below a step stands what it waits for and what undoes it. Two
    /// lines mark where cancelling and undoing end.
    var description: String {
        var lines: [String] = []
        var previous: PlannedStep?
        for planned in steps {
            if planned.isUncancellable, previous?.isUncancellable != true {
                lines.append("from here on the deployment cannot be cancelled")
            }
            if planned.isIrrevocable, previous?.isIrrevocable != true {
                lines.append("from here on nothing is undone")
            }
            if planned.stage != previous?.stage { lines.append(planned.stage.rawValue) }
            lines += planned.lines(in: self)
            previous = planned
        }
        return lines.joined(separator: "\n")
    }

    func contains(_ step: Step) -> Bool { stage(of: step) != nil }

    /// Whether the step's work is thrown away in that case.
    func discards(_ step: Step, if discard: Discard) -> Bool {
        guard let planned = steps.first(where: { $0.step == step }) else { return false }
        return planned.discards.contains(discard) || planned.assumption?.refutation == discard
    }

    /// The stage that a step belongs to; nil if it is not in the plan.
    func stage(of step: Step) -> Stage? { steps.first { $0.step == step }?.stage }
}

extension PlannedStep {
    fileprivate func lines(in plan: Plan) -> [String] {
        func begins(after steps: [Step]) -> String {
            let words = steps.filter(plan.contains).map { "“\($0.rawValue)”" }
            return words.isEmpty ? "at once" : "after \(words.joined(separator: " and "))"
        }
        var lines = ["  \(step.rawValue)" + (given.map { ", if \($0.rawValue)" } ?? "")]
        if isAhead { lines.append("    begins \(begins(after: after))") }
        if let assumption {
            let start = begins(after: assumption.after)
            lines.append("    or \(start), if \(assumption.condition.rawValue)")
            if let refutation = assumption.refutation {
                lines.append("      then thrown away if \(refutation.rawValue)")
            }
        }
        lines += discards.map { "    thrown away if \($0.rawValue)" }
        if !isAwaited { lines.append("    is not waited for") }
        if let undo = step.undo, !isIrrevocable { lines.append("    undone by: \(undo.rawValue)") }
        return lines
    }
}
