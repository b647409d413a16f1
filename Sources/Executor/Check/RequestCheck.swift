import Deployments
import Docker
import Engine
import Foundation
import Journal
import Sockets

/// Looks at what a deployment would meet, and changes nothing.
struct RequestCheck: Sendable {
    let request: DeploymentRequest
    let accessScope: AccessScope
    let options: ExecutorOptions
    let runner: CommandRunner
    let journal: any Journal
    /// What the queue would say.
    let queue: CheckReport.Check

    private typealias Check = CheckReport.Check

    func report() async -> CheckReport {
        async let folder = folder()
        let (engine, platform) = await engine()
        guard engine.code == nil else {
            // Without an engine there is no more to be learnt.
            return await CheckReport(checks: [engine, folder, queue])
        }
        async let image = image(on: platform)
        let (name, holder, owner) = await name()
        let ports = await ports(besides: holder)
        let network = await network()
        return await CheckReport(
            checks: [engine, folder, image, name, network, ports, queue].compactMap(\.self),
            replaces: holder.map { holder in
                CheckReport.Replaced(
                    containerID: String(holder.id.prefix(12)),
                    deploymentID: owner?.deployment.text ?? ""
                )
            }
        )
    }

    private func refused(
        _ subject: Check.Subject,
        _ outcome: CommandOutcome,
        of command: DockerCommand
    ) -> Check {
        let cause = EngineFailure.classify(
            verb: command.verb,
            outcome: outcome,
            image: request.image
        )
        return Check(subject: subject, message: cause.message, code: cause.code, hint: cause.hint)
    }

    // MARK: The engine and the folder

    private func engine() async -> (Check, EnginePlatform?) {
        let command = DockerCommand.serverVersion()
        let outcome = await runner.run(command)
        let server = (try? JSONValue(parsing: outcome.output))?["Server"]
        guard outcome.succeeded, let server, !server.isNull else {
            return (refused(.engine, outcome, of: command), nil)
        }
        let version = server["Version"]?.string.map { " \($0)" } ?? ""
        guard let os = server["Os"]?.string, let architecture = server["Arch"]?.string else {
            return (Check(subject: .engine, message: "Docker\(version) answers"), nil)
        }
        if let platform = request.platform,
            platform.split(separator: "/").first.map(String.init) != os
        {
            return (
                Check(
                    subject: .engine,
                    message: "the engine runs \(os) containers, and \(platform) was asked for",
                    code: .platformMismatch,
                    hint: "Leave out platform, or name one that begins with \(os)/."
                ), nil
            )
        }
        let message = "Docker\(version) answers (\(os)/\(architecture))"
        return (
            Check(subject: .engine, message: message),
            EnginePlatform(os: os, architecture: architecture)
        )
    }

    private func folder() async -> Check {
        let stall = min(options.stallTimeout, .seconds(10))
        switch await options.roots.collect(request.folder, stall: stall) {
        case .success(let source):
            if let hidden = StageFailure(hiding: source, at: request.containerPath) {
                return Check(
                    subject: .folder,
                    message: String(hidden.message.dropLast()),
                    code: hidden.code,
                    hint: hidden.hint
                )
            }
            let count = source.fileCount
            let files = "\(count) file\(count == 1 ? "" : "s"), \(byteText(source.byteCount))"
            return Check(subject: .folder, message: "\(files), to \(request.containerPath)")
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

    // MARK: The image

    private func image(on platform: EnginePlatform?) async -> Check {
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
        let wanted =
            request.platform ?? platform.map { "\($0.os)/\($0.architecture)" } ?? "linux/amd64"
        do {
            return try await registryImage(for: wanted)
        } catch {
            return Check(
                subject: .image,
                message: "the registry credentials could not be laid out: \(error)",
                code: .internal,
                hint: "Look at the disk that holds the server's data directory."
            )
        }
    }

    private func presentImage() async -> Image? {
        Image.decode(await runner.run(.imageInspect(request.image)).output)
    }

    /// What the registry has, with the request's credentials where it brings some.
    private func registryImage(for platform: String) async throws -> Check {
        let files = PrivateFiles(folder: options.privateFolder, id: DeploymentID())
        defer { files.removeAll() }
        let configuration = try request.registryAuth.map { auth in
            try files.configuration(auth: auth, image: request.image, base: runner.configuration)
        }
        var reference = request.image
        // A list of manifests leads to the one for the platform, and no further.
        for _ in 0..<2 {
            var command = DockerCommand.manifestInspect(image: reference)
            command.environment.merge(configuration?.environment ?? [:]) { _, new in new }
            let outcome = await runner.run(command)
            guard outcome.succeeded else { return refused(.image, outcome, of: command) }
            switch Manifest.decode(outcome.output) {
            case .image(let layers):
                let bytes = layers.totalSize
                let count = "\(layers.count) layer\(layers.count == 1 ? "" : "s")"
                let message = "\(request.image) is in the registry: \(count), \(byteText(bytes))"
                return Check(subject: .image, message: message)
            case .list(let list):
                guard let digest = list.digest(for: platform) else {
                    let offered = list.entries.map { "\($0.os)/\($0.architecture)" }
                    return Check(
                        subject: .image,
                        message: "\(request.image) is not made for \(platform), only for"
                            + " \(Set(offered).sorted().joined(separator: ", "))",
                        code: .platformMismatch,
                        hint: "Use an image built for \(platform)."
                    )
                }
                reference = ImageReference.withDigest(request.image, digest)
            case nil:
                return Check(subject: .image, message: "\(request.image) is in the registry")
            }
        }
        return Check(subject: .image, message: "\(request.image) is in the registry")
    }

    // MARK: The name and the ports

    private func name() async -> (Check, Container?, ContainerOwner?) {
        let command = DockerCommand.containerInspect([request.containerName])
        let outcome = await runner.run(command)
        let found = Container.decode(outcome.output).first
        // Where none has the name, docker gives one whose id begins like it.
        guard let holder = found, holder.name == request.containerName else {
            guard found != nil || outcome.saysMissing || outcome.saysAmbiguous else {
                return (refused(.name, outcome, of: command), nil, nil)
            }
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

    /// Nil if the engine's own networks do.
    private func network() async -> Check? {
        guard let network = request.networkToFind else { return nil }
        let command = DockerCommand.networkInspect(network)
        let outcome = await runner.run(command)
        guard outcome.succeeded else { return refused(.network, outcome, of: command) }
        return Check(subject: .network, message: "\(network) is there")
    }

    private func ports(besides holder: Container?) async -> Check {
        let own = Set((holder?.ports.values.joined()).map { $0.map(\.port) } ?? [])
        let fixed = request.ports.compactMap { mapping in
            mapping.host.map { (name: mapping.name, port: $0, address: mapping.bind) }
        }
        for port in fixed where !own.contains(port.port) {
            let address = port.address ?? options.publishAddress
            guard Self.isBusy(address, port.port) else { continue }
            let who = await PortHolder(runner: runner, journal: journal, accessScope: accessScope)
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
