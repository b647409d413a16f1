import Deployments
import Engine
import Foundation
import Journal
import Sockets

/// Asks what the steps of a deployment's plan would ask, and changes nothing.
struct RequestCheck: Sendable {
    let request: DeploymentRequest
    let accessScope: AccessScope
    let options: ExecutorOptions
    let engine: any Engine
    let journal: any Journal
    /// What the queue would say.
    let queue: CheckReport.Check

    private typealias Check = CheckReport.Check

    private var questions: Questions {
        Questions(request: request, accessScope: accessScope, options: options, journal: journal)
    }

    func report() async -> CheckReport {
        let plan = Plan(for: request, given: Observed(name: request.containerName))
        let subjects = Set(plan.steps.compactMap(\.step.subject))
        async let folder = folder()
        let (engine, platform) = await engine()
        guard engine.code == nil else {
            // If the engine does not answer, nothing else can be asked.
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

    // MARK: The engine and the folder

    private func engine() async -> (Check, EnginePlatform?) {
        let found: EngineVersion
        do throws(EngineFailure) {
            found = try await engine.version(within: .seconds(30))
        } catch {
            return (Check(.engine, error), nil)
        }
        let version = found.number.map { " \($0)" } ?? ""
        guard let own = found.platform else {
            return (Check(subject: .engine, message: "Docker\(version) answers"), nil)
        }
        do throws(Obstacle) {
            try questions.compare(own)
        } catch {
            return (Check(.engine, error), nil)
        }
        return (Check(subject: .engine, message: "Docker\(version) answers (\(own))"), own)
    }

    private func folder() async -> Check {
        if case .git(let source) = request.source { return await repository(source) }
        let found: SourceFolder?
        do throws(Obstacle) {
            found = try await questions.collect(
                keeping: request.build?.dockerfile,
                stall: min(options.stallTimeout, .seconds(10)),
                purpose: "read"
            )
        } catch {
            return Check(.folder, error)
        }
        guard let source = found else {
            return Check(subject: .folder, message: "nothing is copied")
        }
        if let fault = StageFailure(source, of: request) { return Check(.folder, Obstacle(fault)) }
        let use =
            (request.build.map { ["to be built with \($0.dockerfile)"] } ?? [])
            + (request.copy == .none ? [] : ["to \(request.containerPath)"])
        return Check(
            subject: .folder,
            message:
                "\(source.files), \(byteText(source.byteCount)), \(use.joined(separator: " and "))"
        )
    }

    /// Whether the repository is there, and has the ref.
    private func repository(_ source: GitSource) async -> Check {
        do {
            let commit = try await options.repositories.resolve(
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
            let failure = StageFailure(failure.code, failure.message, hint: failure.hint)
            return Check(.folder, Obstacle(failure))
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
        return await registryImage(on: platform, isPresent: present != nil)
    }

    private func presentImage() async -> Image? {
        // If it cannot be looked at, the registry is asked.
        try? await engine.image(request.image)
    }

    /// What the registry has, and whether there is room for it.
    private func registryImage(on own: EnginePlatform?, isPresent: Bool) async -> Check {
        do throws(EngineFailure) {
            let found = try await questions.findInRegistry(for: own, engine)
            // An image that is there needs little more.
            if !isPresent, let free = await questions.scarceRoom(engine),
                let shortage = await questions.shortage(of: free, for: found, engine)
            {
                return Check(.image, shortage)
            }
            switch found {
            case .image(let layers, let bytes):
                let count = "\(layers) layer\(layers == 1 ? "" : "s")"
                let message = "\(request.image) is in the registry: \(count), \(byteText(bytes))"
                return Check(subject: .image, message: message)
            case .otherPlatforms(let offered):
                let platform = questions.platform(own)
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
            return Check(.image, error)
        }
    }

    // MARK: The name and the ports

    private func name() async -> (Check, Container?, ContainerOwner?) {
        let found: Container?
        do throws(EngineFailure) {
            found = try await engine.container(named: request.containerName)
        } catch {
            return (Check(.name, error), nil, nil)
        }
        guard let holder = found else {
            return (Check(subject: .name, message: "\(request.containerName) is free"), nil, nil)
        }
        let answer: Questions.NameAnswer
        do throws(JournalError) {
            answer = try await questions.identify(holder)
        } catch {
            let trouble = StageFailure(error)
            return (Check(.name, Obstacle(trouble, listed: trouble.message)), nil, nil)
        }
        if let obstacle = answer.obstacle { return (Check(.name, obstacle), nil, nil) }
        let owner = answer.owner
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
        do throws(EngineFailure) {
            try await questions.findNetworks(engine)
        } catch {
            return Check(.network, error)
        }
        let verb = networks.count == 1 ? "is" : "are"
        return Check(
            subject: .network,
            message: "\(networks.joined(separator: ", ")) \(verb) there"
        )
    }

    private func volumes() async -> Check {
        do throws(EngineFailure) {
            let answer = try await questions.findVolumes(engine)
            if let obstacle = answer.obstacle { return Check(.volumes, obstacle) }
            let texts = request.volumeNames.map {
                "\($0) \(answer.missing.contains($0) ? "will be made" : "is there")"
            }
            let folders = request.mountedFolders.map { "\($0) is mounted" }
            return Check(subject: .volumes, message: (texts + folders).joined(separator: ", "))
        } catch {
            return Check(.volumes, error)
        }
    }

    private func ports(besides holder: Container?) async -> Check {
        let own = Set((holder?.ports.values.joined()).map { $0.map(\.port) } ?? [])
        // A UDP port cannot be tried without taking it.
        let quick = engine.working(on: EngineWork(limit: .seconds(5)))
        for mapping in request.probedPorts {
            guard let port = mapping.host, !own.contains(port),
                Self.isBusy(mapping.bind ?? options.publishAddress, port)
            else { continue }
            return Check(.ports, await questions.takenPort(mapping, port, quick))
        }
        guard !request.ports.isEmpty else {
            return Check(subject: .ports, message: "none is published")
        }
        let texts = request.ports.map { mapping in
            "\(mapping.name) \(mapping.container) on \(mapping.host.map(String.init) ?? "a free port")"
        }
        return Check(subject: .ports, message: texts.joined(separator: ", "))
    }

    /// Whether somebody listens there. A port that cannot be tried counts as free: the engine will show it.
    private static func isBusy(_ address: String, _ port: UInt16) -> Bool {
        // A host name is not looked up, for the engine takes none.
        guard IPAddress(literal: address) != nil else { return false }
        do throws(SystemError) {
            try ListeningSocket.tryAddress(host: address, port: port)
            return false
        } catch {
            return error.isAddressInUse
        }
    }
}
