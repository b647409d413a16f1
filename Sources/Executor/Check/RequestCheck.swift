import Deployments
import Engine
import Foundation
import Journal
import Sockets

/// Looks at what a deployment's plan would meet, and changes nothing.
struct RequestCheck: Sendable {
    let request: DeploymentRequest
    let accessScope: AccessScope
    let options: ExecutorOptions
    let engine: any Engine
    let journal: any Journal
    /// What the queue would say.
    let queue: CheckReport.Check

    private typealias Check = CheckReport.Check

    func report() async -> CheckReport {
        let plan = Plan(for: request, given: Observed(name: request.containerName))
        let subjects = Set(plan.steps.compactMap(\.step.subject))
        async let folder = folder()
        let (engine, platform) = await engine()
        guard engine.code == nil else {
            // Without an engine there is no more to be learnt.
            return await CheckReport(checks: [engine, folder, queue])
        }
        async let image = image(on: platform)
        let (name, holder, owner) = await name()
        let network = await network()
        let volumes = await volumes()
        let ports = await ports(besides: holder)
        let checks = await [engine, folder, image, name, network, volumes, ports]
        return CheckReport(
            checks: checks.filter { subjects.contains($0.subject) } + [queue],
            replaces: holder.map { holder in
                CheckReport.Replaced(
                    containerID: String(holder.id.prefix(12)),
                    deploymentID: owner?.deployment.text ?? ""
                )
            }
        )
    }

    private func refused(_ subject: Check.Subject, _ failure: EngineFailure) -> Check {
        Check(
            subject: subject,
            message: failure.message,
            code: failure.code,
            hint: failure.hint
        )
    }

    // MARK: The engine and the folder

    private func engine() async -> (Check, EnginePlatform?) {
        let found: EngineVersion
        do throws(EngineFailure) {
            found = try await engine.version(within: .seconds(30))
        } catch {
            return (refused(.engine, error), nil)
        }
        let version = found.number.map { " \($0)" } ?? ""
        guard let own = found.platform else {
            return (Check(subject: .engine, message: "Docker\(version) answers"), nil)
        }
        if let platform = request.platform,
            platform.split(separator: "/").first.map(String.init) != own.os
        {
            return (
                Check(
                    subject: .engine,
                    message: "the engine runs \(own.os) containers, and \(platform) was asked for",
                    code: .platformMismatch,
                    hint: "Leave out platform, or name one that begins with \(own.os)/."
                ), nil
            )
        }
        return (Check(subject: .engine, message: "Docker\(version) answers (\(own))"), own)
    }

    private func folder() async -> Check {
        let stall = min(options.stallTimeout, .seconds(10))
        let kept = request.build?.dockerfile
        let found: Result<SourceFolder, SourceFolder.Unreadable>
        switch request.source {
        case nil: return Check(subject: .folder, message: "nothing is copied")
        case .folder(let folder):
            found = await options.roots.collect(folder, keeping: kept, stall: stall)
        case .git(let source): return await repository(source)
        case .archive(let id):
            guard let file = await options.archives.file(of: id, tenant: accessScope.tenant) else {
                return Check(
                    subject: .folder,
                    message: "the archive is not there any more",
                    code: .sourceNotFound,
                    hint: "Send it again to /api/archives."
                )
            }
            let limits = await options.archives.limits(of: id, tenant: accessScope.tenant)
            found = await file.collect(within: limits, keeping: kept)
        }
        switch found {
        case .success(let source):
            if let fault = StageFailure(source, of: request) {
                return Check(
                    subject: .folder,
                    message: String(fault.message.dropLast()),
                    code: fault.code,
                    hint: fault.hint
                )
            }
            let count = source.fileCount
            let files = "\(count) file\(count == 1 ? "" : "s"), \(byteText(source.byteCount))"
            let use =
                (request.build.map { ["to be built with \($0.dockerfile)"] } ?? [])
                + (request.copy == .none ? [] : ["to \(request.containerPath)"])
            return Check(
                subject: .folder,
                message: "\(files), \(use.joined(separator: " and "))"
            )
        case .failure(let error):
            return Check(
                subject: .folder,
                message: error.message,
                code: error.isStalled ? .stalled : .sourceUnreadable,
                hint: error.isStalled
                    ? "See whether the file system that holds the folder answers."
                    : "Repair it, or name it in a .dockerignore."
            )
        }
    }

    /// Whether the repository is there, and has the ref.
    private func repository(_ source: GitSource) async -> Check {
        do {
            let commit = try await options.repositories.look(
                at: source,
                request.sourceAuth,
                of: accessScope.tenant
            )
            let ref = source.ref ?? "the default branch"
            return Check(
                subject: .folder,
                message: commit.map { "\(ref) of \(source.location.text) is at \($0.prefix(12))" }
                    ?? "\(source.location.text) is there"
            )
        } catch let failure as GitFailure {
            return Check(
                subject: .folder,
                message: String(failure.message.dropLast()),
                code: failure.code,
                hint: failure.hint
            )
        } catch {
            return Check(
                subject: .folder,
                message: "\(source.location.text) has not answered in time",
                code: .stalled,
                hint: "See whether the repository's host and the network answer."
            )
        }
    }

    // MARK: The image

    private func image(on platform: EnginePlatform?) async -> Check {
        if let build = request.build {
            return Check(
                subject: .image,
                message: "\(request.image) is built with \(build.dockerfile)"
            )
        }
        let present = await presentImage()
        if request.pull != .always, present != nil {
            return Check(subject: .image, message: "\(request.image) is already here")
        }
        if request.pull == .never {
            return Check(
                subject: .image,
                message: "\(request.image) is not here, and pull is never",
                code: .imageNotFound,
                hint: "Pull it yourself, or leave out pull."
            )
        }
        return await registryImage(for: request.platform ?? platform?.description ?? "linux/amd64")
    }

    private func presentImage() async -> Image? {
        // Where it cannot be looked at, the registry is asked.
        try? await engine.image(request.image)
    }

    /// What the registry has, with the request's credentials where it brings some.
    private func registryImage(for platform: String) async -> Check {
        let files = PrivateFiles(folder: options.privateFolder, id: DeploymentID())
        let work = EngineWork(image: request.image, privateFolder: files.configurationFolder)
        do throws(EngineFailure) {
            let found = try await engine.working(on: work).registryImage(
                request.image,
                for: platform,
                credentials: request.registryAuth
            )
            switch found {
            case .image(let layers, let bytes):
                let count = "\(layers) layer\(layers == 1 ? "" : "s")"
                let message = "\(request.image) is in the registry: \(count), \(byteText(bytes))"
                return Check(subject: .image, message: message)
            case .otherPlatforms(let offered):
                return Check(
                    subject: .image,
                    message: "\(request.image) is not made for \(platform), only for"
                        + " \(offered.joined(separator: ", "))",
                    code: .platformMismatch,
                    hint: "Use an image built for \(platform)."
                )
            case .unknown:
                return Check(subject: .image, message: "\(request.image) is in the registry")
            }
        } catch {
            return refused(.image, error)
        }
    }

    // MARK: The name and the ports

    private func name() async -> (Check, Container?, ContainerOwner?) {
        let found: Container?
        do throws(EngineFailure) {
            found = try await engine.container(named: request.containerName)
        } catch {
            return (refused(.name, error), nil, nil)
        }
        guard let holder = found else {
            return (Check(subject: .name, message: "\(request.containerName) is free"), nil, nil)
        }
        let owner: ContainerOwner?
        do {
            owner = try await journal.owner(of: holder.claim)
        } catch {
            let trouble = StageFailure(error)
            let check = Check(
                subject: .name,
                message: trouble.message,
                code: trouble.code,
                hint: trouble.hint
            )
            return (check, nil, nil)
        }
        if let foreign = ForeignContainer(holder, owner, within: accessScope) {
            let check = Check(
                subject: .name,
                message: "\(request.containerName) \(foreign.message)",
                code: .nameInUse,
                hint: foreign.hint
            )
            return (check, nil, nil)
        }
        let message =
            "\(request.containerName) replaces container \(holder.id.prefix(12)) of deployment"
            + " \(owner?.deployment.text ?? ""), "
            + (holder.running ? "which serves until then" : "which does not run")
        return (Check(subject: .name, message: message), holder, owner)
    }

    private func network() async -> Check {
        let networks = request.networksToFind
        // The engine's own networks are always there.
        guard !networks.isEmpty else {
            return Check(subject: .network, message: "the engine's own")
        }
        for network in networks {
            do throws(EngineFailure) {
                try await engine.checkNetwork(network)
            } catch {
                return refused(.network, error)
            }
        }
        let verb = networks.count == 1 ? "is" : "are"
        return Check(
            subject: .network,
            message: "\(networks.joined(separator: ", ")) \(verb) there"
        )
    }

    private func volumes() async -> Check {
        let names = request.volumeNames
        do throws(EngineFailure) {
            let found = try await engine.volumes(names)
            for volume in found {
                guard let foreign = ForeignVolume(volume, within: accessScope) else { continue }
                return Check(
                    subject: .volumes,
                    message: "the volume \(volume.name) \(foreign.message)",
                    code: .volumeNotAvailable,
                    hint: foreign.hint
                )
            }
            let there = Set(found.map(\.name))
            let texts = names.map { "\($0) \(there.contains($0) ? "is there" : "will be made")" }
            let folders = request.mountedFolders.map { "\($0) is mounted" }
            return Check(subject: .volumes, message: (texts + folders).joined(separator: ", "))
        } catch {
            return refused(.volumes, error)
        }
    }

    private func ports(besides holder: Container?) async -> Check {
        let own = Set((holder?.ports.values.joined()).map { $0.map(\.port) } ?? [])
        // A UDP port cannot be tried without taking it.
        let fixed = request.probedPorts.compactMap { mapping in
            mapping.host.map { (name: mapping.name, port: $0, address: mapping.bind) }
        }
        let quick = engine.working(on: EngineWork(limit: .seconds(5)))
        for port in fixed where !own.contains(port.port) {
            let address = port.address ?? options.publishAddress
            guard Self.isBusy(address, port.port) else { continue }
            let who = await PortHolder(engine: quick, journal: journal, accessScope: accessScope)
                .find(port.port)
            return Check(
                subject: .ports,
                message: "host port \(port.port) (\(port.name)) is in use"
                    + (who.map { " by \($0)" } ?? ""),
                code: .portInUse,
                hint: "Choose another host port, or leave it out for a free one."
            )
        }
        guard !request.ports.isEmpty else {
            return Check(subject: .ports, message: "none is published")
        }
        let texts = request.ports.map { mapping in
            "\(mapping.name) \(mapping.container) on \(mapping.host.map(String.init) ?? "a free port")"
        }
        return Check(subject: .ports, message: texts.joined(separator: ", "))
    }

    /// Whether somebody listens there. What cannot be tried counts as free: the engine will say.
    private static func isBusy(_ address: String, _ port: UInt16) -> Bool {
        // A name would have to be asked for elsewhere; the engine takes none.
        guard IPAddress(literal: address) != nil else { return false }
        do throws(SystemError) {
            try ListeningSocket.tryAddress(host: address, port: port)
            return false
        } catch {
            return error.isAddressInUse
        }
    }
}
