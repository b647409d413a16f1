import Deployments
import Engine
import Subprocess

extension Pipeline {
    // MARK: Volumes

    /// Sees that the volumes may be used, and that the folders of the machine may be mounted.
    func findVolumes() async throws {
        if !request.volumeNames.isEmpty { try await checkVolumes() }
        try await checkFolders()
    }

    private func checkVolumes() async throws {
        let questions = questions
        let answer = try await ask { engine throws(EngineFailure) in
            try await questions.findVolumes(engine)
        }
        if let obstacle = answer.obstacle { throw obstacle.failure }
        observed.missingVolumes = answer.missing
    }

    /// Throws if another file or folder has come into the place of a folder since the request was taken on.
    func checkFolders() async throws {
        for path in request.mountedFolders {
            do throws(SourceRoots.FolderFault) {
                guard try await options.bindRoots.locate(path, isLocal: engine.isLocal) == path
                else {
                    throw SourceRoots.FolderFault("leads somewhere else by now")
                }
            } catch {
                try Task.checkCancellation()
                throw StageFailure(
                    .volumeNotAvailable,
                    "\(path) \(error.message).",
                    hint: error.isTemporary
                        ? "See whether the file system that holds it answers."
                        : "Put it back where it was, or deploy again with another path."
                )
            }
        }
    }

    /// Makes the volumes that are missing. They stay even if the deployment fails.
    func haveVolumes() async throws {
        try await checkFolders()
        guard !request.volumeNames.isEmpty else { return }
        let own = labels
        for name in observed.missingVolumes.sorted() {
            try await perform { engine throws(EngineFailure) in
                try await engine.createVolume(name, labels: own)
            }
        }
        // Others may have made or removed one of them meanwhile.
        try await checkVolumes()
        guard let lost = observed.missingVolumes.min() else { return }
        throw StageFailure(
            .volumeNotAvailable,
            "The volume \(lost) was removed by somebody before the container was created.",
            hint: "Deploy again."
        )
    }

    // MARK: Files

    /// The folder below which the files are extracted, and the rest of their path: the root, or a volume if
    /// nothing else can be written.
    var copyPlace: (folder: String, rest: String) {
        let path = request.containerPath
        guard request.settings.isReadOnly else { return ("/", path) }
        let above = request.volumes.filter {
            path == $0.target || path.utf8.starts(with: "\($0.target)/".utf8)
        }.max { $0.target.utf8.count < $1.target.utf8.count }
        let folder = above?.target ?? path
        return (folder, String(path.dropFirst(folder.count)))
    }

    /// What is mounted. If nothing else can be written, the files are in a volume that goes with the
    /// container.
    var mounts: [ContainerMount] {
        var mounts = request.volumes
        if request.settings.isReadOnly, request.copy != .none,
            copyPlace.folder == request.containerPath,
            !mounts.contains(where: { $0.target == request.containerPath })
        {
            mounts.append(ContainerMount(.temporary, at: request.containerPath))
        }
        if !request.secrets.isEmpty {
            mounts.append(ContainerMount(.temporary, at: DeploymentRequest.secretsFolder))
        }
        return mounts
    }

    /// The owner of the copied files.
    var fileOwner: FileOwner {
        (request.owner ?? request.settings.user).flatMap { FileOwner($0) } ?? .root
    }

    // MARK: Secrets

    /// Puts the secrets' files into a container that has not been started.
    func placeSecrets(in id: String) async throws {
        guard !request.secrets.isEmpty else { return }
        let owner = try await programOwner(in: id)
        var bytes: [UInt8] = []
        for (name, text) in request.secrets.sorted(by: { $0.key < $1.key }) {
            let content = Array(text.utf8)
            TarHeader(
                path: Array(name.utf8),
                kind: .file,
                size: Int64(content.count),
                mode: 0o400,
                modified: 0,
                owner: owner
            ).write(to: &bytes)
            bytes += content
            TarHeader.writeZeros(TarHeader.padding(after: Int64(content.count)), to: &bytes)
        }
        TarHeader.writeZeros(TarHeader.endSize, to: &bytes)
        let archive = GivenInput(bytes)
        try await perform { engine throws(EngineFailure) in
            try await engine.copy(archive, into: id, at: DeploymentRequest.secretsFolder)
        }
    }

    /// The numbers of the user as whom the program runs, from the container's own list of users.
    private func programOwner(in id: String) async throws -> FileOwner {
        let image = observed.image ?? observed.presentImage
        let user = request.settings.user ?? image?.user ?? ""
        guard !user.isEmpty else { return .root }
        let parts = user.split(separator: ":")
        // Nobody but the user can read the secrets, so the group does not matter.
        if let number = parts.first.flatMap({ UInt32($0) }) {
            return FileOwner(user: number, group: parts.count > 1 ? UInt32(parts[1]) ?? 0 : 0)
        }
        let answer = try await askAgain { engine throws(EngineFailure) in
            try await engine.files(at: "/etc/passwd", in: id)
        }
        // If there is no list, the start shows that there is no such user.
        guard case .success(let files) = answer, let list = files["passwd"] ?? files.values.first
        else { return .root }
        let name = user.prefix { $0 != ":" }
        for line in String(decoding: list, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            if fields.count > 3, fields[0] == name, let number = UInt32(fields[2]) {
                return FileOwner(user: number, group: UInt32(fields[3]) ?? 0)
            }
        }
        return .root
    }

    /// The contents of the secrets' files in a container that has them.
    func readSecrets(in id: String) async throws -> [String: String] {
        let answer = try await askAgain { engine throws(EngineFailure) in
            try await engine.files(at: DeploymentRequest.secretsFolder, in: id)
        }
        // If they cannot be read, the container is not made again.
        guard case .success(let files) = answer else { return [:] }
        return files.mapValues { String(decoding: $0, as: UTF8.self) }
    }
}

extension DeploymentRequest {
    /// The names of the volumes, each once.
    var volumeNames: [String] {
        var names: [String] = []
        for case .volume(let name) in volumes.map(\.source) where !names.contains(name) {
            names.append(name)
        }
        return names
    }

    /// The folders and files of the machine that are mounted.
    var mountedFolders: [String] {
        volumes.compactMap { if case .folder(let path) = $0.source { path } else { nil } }
    }
}
