import Deployments
import Journal

extension Pipeline {
    /// Fetches the repository, from which the files are collected afterwards.
    func fetchRepository() async throws {
        guard case .git(let source) = request.source else { return }
        if request.sourceAuth == nil, let resumePoint, resumePoint.hadSourceCredentials,
            resumePoint.intents.fetchedCommit == nil
        {
            throw StageFailure(
                .interrupted,
                "The server stopped before the repository was fetched; credentials for a repository are"
                    + " not kept.",
                hint: "Deploy again; what ran before is still running."
            )
        }
        let redactor = redactor
        let progress = GitProgress { redactor.redact(lines: $0) }
        fetchProgress = progress
        do {
            let tree = try await options.repositories.fetch(
                GitRepositories.Fetch(
                    id: id,
                    tenant: tenant,
                    source: source,
                    auth: request.sourceAuth,
                    commit: resumePoint?.intents.fetchedCommit,
                    progress: progress
                )
            )
            // This commit is deployed, whatever becomes of the branch.
            try await journal.intend(.fetched(commit: tree.commit), by: recorder.driver)
            observed.tree = tree
        } catch let failure as GitFailure {
            throw StageFailure(
                failure.code,
                redactor.redact(failure.message),
                hint: failure.hint,
                outputTail: failure.outputTail
            )
        }
        result.source = source.json(at: observed.tree?.commit)
    }

    /// Tells how far the fetch has come, in its stage.
    func attendFetch() async throws {
        guard case .git(let source) = request.source else { return }
        let place = "\(source.ref ?? "the default branch") of \(source.location.text)"
        let stage = plan.stage(of: .fetchRepository) ?? .preparingFiles
        try await tell(stage, "Fetching \(place)")
        try await finish(.fetchRepository) { [self] in try await tellFetch(of: place, in: stage) }
        guard let commit = observed.tree?.commit else { return }
        try await tell(
            stage,
            "Fetched \(place) at \(commit.prefix(12))",
            fraction: fetchShare,
            detail: ["commit": .string(commit)]
        )
    }

    /// The fetch's share of its stage. The rest is for collecting the files, and for the build.
    var fetchShare: Double { request.build == nil ? 0.9 : 0.2 }

    private func tellFetch(of place: String, in stage: Stage) async throws {
        let throttle = ProgressThrottle()
        var told = GitProgress.State()
        var movement = ContinuousClock.now
        while !Task.isCancelled {
            try await throttle.pause()
            guard let state = fetchProgress?.state else { continue }
            if state.moves == told.moves {
                guard ContinuousClock.now - movement > options.stallTimeout else { continue }
                throw StageFailure(
                    .stalled,
                    "git has not gone on for \(options.stallSeconds) s.",
                    hint:
                        "See whether the repository's host and the network answer, then deploy again.",
                    outputTail: state.lines
                )
            }
            movement = .now
            let isNews = state.fraction != told.fraction || state.bytes != told.bytes
            told = state
            guard isNews else { continue }
            let amount = state.bytes > 0 ? ", \(byteText(state.bytes))" : ""
            try await tell(
                stage,
                "Fetching \(place) (\(state.work)\(amount))",
                fraction: min(state.fraction, 0.99) * fetchShare,
                detail: [
                    "percent": .number((state.fraction * 1000).rounded() / 10),
                    "bytes_done": .integer(state.bytes),
                ]
            )
        }
    }
}

extension DeploymentSource {
    /// The source as a deployment's result has it; nil for a folder, which the request names.
    ///
    /// - Parameter commit: what was fetched; nil if that is not known.
    func kept(at commit: String? = nil) -> JSONValue? {
        switch self {
        case .folder: nil
        case .git(let source): source.json(at: commit)
        case .archive(let id): ["archive": .string(Self.archivePrefix + id)]
        }
    }
}

extension GitSource {
    /// The repository as a deployment's result has it.
    func json(at commit: String?) -> JSONValue {
        var members = [
            JSONMember("url", .string(location.text)),
            JSONMember("ref", .optional(ref)),
            JSONMember("commit", .optional(commit)),
        ]
        if let subfolder { members.append(JSONMember("subfolder", .string(subfolder))) }
        return .object(members)
    }
}
