import Deployments
import Engine
import Journal

/// The questions of the steps that only ask, and what their answers mean for a request. The pipeline and the
/// check put the same ones: the pipeline fails by an obstacle, and the check lists it.
///
/// The engine is handed over with each question, for the pipeline asks again if the engine was away.
struct Questions: Sendable {
    let request: DeploymentRequest
    /// The containers and volumes that the request may use.
    let accessScope: AccessScope
    let options: ExecutorOptions
    let journal: any Journal

    // MARK: The engine, its networks and its volumes

    /// Throws unless the engine's system is the one of the platform that is asked for.
    func compare(_ own: EnginePlatform?) throws(Obstacle) {
        guard let platform = request.platform, let os = own?.os,
            platform.split(separator: "/").first.map(String.init) != os
        else { return }
        throw Obstacle(
            .platformMismatch,
            "The engine",
            listed: "the engine",
            "runs \(os) containers, and \(platform) was asked for",
            hint: "Leave out platform, or name one that begins with \(os)/."
        )
    }

    /// Throws unless the engine has all networks that must be there.
    func findNetworks(_ engine: any Engine) async throws(EngineFailure) {
        for network in request.networksToFind { try await engine.checkNetwork(network) }
    }

    /// What is known of the volumes that are asked for by name.
    struct VolumeAnswer: Sendable {
        var missing: Set<String> = []
        /// One of them is somebody else's.
        var obstacle: Obstacle?
    }

    /// Looks which of the volumes are there, and whose they are.
    func findVolumes(_ engine: any Engine) async throws(EngineFailure) -> VolumeAnswer {
        let names = request.volumeNames
        guard !names.isEmpty else { return VolumeAnswer() }
        let found = try await engine.volumes(names)
        for volume in found {
            guard let foreign = ForeignVolume(volume, within: accessScope) else { continue }
            let obstacle = Obstacle(
                .volumeNotAvailable,
                "The volume \(volume.name)",
                listed: "the volume \(volume.name)",
                foreign.message,
                hint: foreign.hint
            )
            return VolumeAnswer(obstacle: obstacle)
        }
        return VolumeAnswer(missing: Set(names).subtracting(found.map(\.name)))
    }

    // MARK: The name and the ports

    /// Whose the container is that has the name.
    struct NameAnswer: Sendable {
        /// Nil if the journal does not know the container.
        let owner: ContainerOwner?
        /// The container must not be replaced.
        let obstacle: Obstacle?
    }

    /// Looks whose the container is that has the name.
    func identify(_ holder: Container) async throws(JournalError) -> NameAnswer {
        let owner = try await journal.owner(of: holder.claim)
        let foreign = ForeignContainer(holder, owner, within: accessScope)
        let name = request.containerName
        return NameAnswer(
            owner: owner,
            obstacle: foreign.map {
                Obstacle(.nameInUse, "The name \(name)", listed: name, $0.message, hint: $0.hint)
            }
        )
    }

    /// A port of the host is taken; names whoever has it if that can be found out.
    func takenPort(
        _ mapping: PortMapping,
        _ port: UInt16,
        _ engine: any Engine
    ) async -> Obstacle {
        let holder = await PortHolder(engine: engine, journal: journal, accessScope: accessScope)
            .find(port)
        let port = "port \(port) (\(mapping.name))"
        return Obstacle(
            .portInUse,
            "Host \(port)",
            listed: "host \(port)",
            "is in use" + (holder.map { " by \($0)" } ?? ""),
            hint: "Choose another host port, or leave it out for a free one."
        )
    }

    // MARK: The files

    /// Reads which files there are; nil if there is no source, or its repository has not been fetched.
    ///
    /// - Parameters:
    ///   - kept: a file that is taken whatever `.dockerignore` says.
    ///   - tree: the repository's files, if the source is one.
    ///   - stall: how long the disk may be silent.
    ///   - purpose: what is to be done with the files, as in “cannot be copied”.
    func collect(
        keeping kept: String?,
        of tree: GitRepositories.Tree? = nil,
        stall: Duration,
        purpose: String
    ) async throws(Obstacle) -> SourceFolder? {
        let found: Result<SourceFolder, SourceFolder.Unreadable>
        switch request.source {
        case nil: return nil
        case .folder(let folder):
            found = await options.roots.collect(folder, keeping: kept, stall: stall)
        case .git:
            guard let tree else { return nil }
            found = await options.repositories.collect(tree, keeping: kept, stall: stall)
        case .archive(let id):
            let tenant = accessScope.tenant
            guard let file = await options.archives.file(of: id, tenant: tenant) else {
                throw missingArchive(id)
            }
            let limits = await options.archives.limits(of: id, tenant: tenant)
            found = await file.collect(within: limits, keeping: kept)
        }
        switch found {
        case .success(let source): return source
        case .failure(let unreadable):
            let failure = StageFailure(
                unreadable,
                "The \(request.folder == nil ? "source" : "folder") cannot be \(purpose)",
                hint: "Mend or remove it, or name it in a .dockerignore file in the folder."
            )
            throw Obstacle(
                failure,
                listed: unreadable.message,
                advice: unreadable.isStalled
                    ? failure.hint : "Repair it, or name it in a .dockerignore."
            )
        }
    }

    private func missingArchive(_ id: String) -> Obstacle {
        let name = DeploymentSource.archivePrefix + id
        return Obstacle(
            StageFailure(
                .sourceNotFound,
                "The archive \(name) is not there any more.",
                hint: "Send it again to /api/archives, then deploy again."
            ),
            listed: "the archive is not there any more",
            advice: "Send it again to /api/archives."
        )
    }
}
