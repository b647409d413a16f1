import API
import Deployments
import Docker
import Executor
import Feed
import Foundation
import Glibc
import HTTP
import Journal
import SQLiteStore
import Services
import Sockets
import Subprocess
import Threads
import Webhooks
import Workloads

/// `slipway serve`: the server, from its start to its end.
struct Serve: Sendable {
    let options: ServeOptions

    /// Runs until a signal ends it. Throws if it cannot be started.
    func run() async throws {
        Heap.limitParts()
        // Without SIGPIPE, a write to a peer that has gone is just an error.
        let signals = Signals.stream(of: [SIGTERM, SIGINT], ignoring: [SIGPIPE])
        let hangUps = Signals.stream(of: [SIGHUP], evenIfIgnored: true)
        try makeDataFolder()
        let tokens = try options.tokens()
        let hooks = try options.hooks()
        let silentRoots = try await checkRoots()
        let journal = try await SQLiteJournal.open(directory: options.dataFolder)
        let log = ServerLog(format: options.logFormat)
        for root in silentRoots { log.note("the disk of \(root) does not answer") }
        for token in tokens ?? [] where token.isShort {
            log.note("token \(token.name) has fewer than 16 characters and could be guessed")
        }
        let runner = await takeOverEngine(of: journal, log)
        let engine = DockerEngine(options.docker, runner: runner)
        let workloads = WorkloadMonitor(
            options: options.workloads,
            engine: engine,
            journal: journal,
            note: { log.note($0) }
        )
        let feed = LiveFeed(journal: journal)
        // This comes before anything is committed: a new webhook begins at the journal's current end.
        let webhooks = try await Webhooks.open(
            options.webhooks,
            journal: journal,
            note: { log.note($0) }
        )
        let streams = DeploymentStreams(journal: journal)
        let metrics = DeploymentMetrics()
        let commits = journal.commits()
        let sources = sources(of: runner)
        let executor = Executor(
            options: sources,
            engine: engine,
            journal: journal,
            notify: { workloads.publish($0) }
        )
        let server = Server(limits: options.limits)
        let address = try server.bind(options.address)
        let control = AccessControl(tokens: tokens) { group in
            server.end(group, comment: "the token or the session is gone")
        }
        let api = API(
            executor: executor,
            journal: journal,
            workloads: workloads,
            streams: streams,
            feed: feed,
            defaults: options.defaults,
            roots: options.executor.roots,
            archives: sources.archives,
            hooks: hooks,
            access: access(at: address),
            control: control,
            permits: server.streamPermits,
            engine: EnginePing(engine: engine),
            volumes: VolumeList(engine: engine),
            metrics: MetricSources(
                version: Slipway.version,
                deployments: metrics,
                server: { await server.statistics },
                commands: { await runner.statistics },
                commits: { journal.statistics },
                webhooks: { webhooks.counts }
            )
        )
        let commitFanout = CommitFanout(
            streams: streams,
            workloads: workloads,
            webhooks: webhooks,
            log: log,
            metrics: metrics
        )
        let housekeeping = Housekeeping(
            journal: journal,
            retention: options.retention,
            archives: sources.archives,
            log: log
        )
        var services = ServiceGroup(note: { log.note($0) })
        services.add(Service("journal", stopLimit: .seconds(60), stop: { await journal.close() }))
        services.add(Service("commit fan-out", run: { await commitFanout.run(commits) }))
        services.add(Service("live feed", run: { await feed.run() }))
        services.add(resumption(of: executor, sources.archives, workloads, log))
        services.add(Service("workload monitor", run: { await workloads.run() }))
        if !webhooks.isEmpty {
            services.add(
                Service(
                    "webhooks",
                    stopLimit: .seconds(60),
                    run: { await webhooks.run() },
                    stop: { await webhooks.stop() }
                )
            )
        }
        services.add(
            Service(
                "token file",
                run: { for await _ in hangUps { readTokens(into: control, log) } }
            )
        )
        services.add(Service("retention", run: { await housekeeping.forgetDeployments() }))
        services.add(Service("archives", run: { await housekeeping.forgetArchives() }))
        services.add(requests(to: api, by: server, at: address))
        services.add(deployments(of: executor, unless: signals))
        services.add(Service("HTTP listener", stop: { await server.stopAccepting() }))
        try await services.run {
            var signals = signals.makeAsyncIterator()
            _ = await signals.next()
            log.note("stopping; running deployments have \(options.drain.components.seconds) s")
        }
        log.note("stopped")
        log.flush()
    }

    private func makeDataFolder() throws {
        do {
            try FileManager.default.createDirectory(
                atPath: options.dataFolder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw UsageError("--data \(options.dataFolder): the folder cannot be made")
        }
    }

    /// Checks that the roots exist, and returns those whose disks do not answer.
    private func checkRoots() async throws -> [String] {
        let silent: [String]
        do {
            silent = try await options.executor.roots.check()
        } catch {
            throw UsageError("--scripts-root \(error.path): no such folder")
        }
        do {
            // If the engine is on another machine, only it can check the folders.
            guard options.docker.isLocal else { return silent }
            return try await silent + options.executor.bindRoots.check()
        } catch {
            throw UsageError("--bind-root \(error.path): no such folder")
        }
    }

    /// Ends the docker commands that an earlier server has left, and returns the runner of this server.
    private func takeOverEngine(of journal: SQLiteJournal, _ log: ServerLog) async -> CommandRunner
    {
        // The journal's lock is held, so the commands found belong to no other running server.
        let owner = journal.directory
        let orphans = await OrphanedCommands(owner: owner).end()
        if orphans > 0 { log.note("ended docker commands of an earlier server: \(orphans)") }
        return CommandRunner(owner: owner)
    }

    /// The executor's options, with the stores of archives and repositories.
    private func sources(of runner: CommandRunner) -> ExecutorOptions {
        var executor = options.executor
        let environment = ProcessInfo.processInfo.environment
        executor.archives = ArchiveStore(
            folder: "\(options.dataFolder)/archives",
            programs: ArchivePrograms(runner, path: environment["PATH"]),
            limits: options.archives,
            stall: executor.stallTimeout
        )
        executor.repositories = GitRepositories(
            folder: "\(options.dataFolder)/git",
            privateFolder: executor.privateFolder,
            roots: executor.roots,
            runner: runner,
            environment: environment,
            limits: options.repositories
        )
        return executor
    }

    private func access(at address: ListenAddress) -> AccessOptions {
        var access = options.access
        if case .tcp(let host, let port) = address {
            access.ownHost = host.contains(":") ? "[\(host)]" : host
            access.ownPort = port
        }
        return access
    }

    // MARK: Services

    /// Continues what an earlier server has left unfinished.
    private func resumption(
        of executor: Executor,
        _ archives: ArchiveStore,
        _ workloads: WorkloadMonitor,
        _ log: ServerLog
    ) -> Service {
        Service(
            "resumption",
            start: {
                await archives.keep { await executor.heldArchives }
                try await archives.load()
                let resumed = try await executor.resume()
                if resumed > 0 { log.note("continuing unfinished deployments: \(resumed)") }
                await workloads.allowSweep()
            }
        )
    }

    private func requests(to api: API, by server: Server, at address: ListenAddress) -> Service {
        Service(
            "HTTP server",
            stopLimit: .seconds(30),
            start: {
                try server.serve(content: { api.content($0, $1) }) { await api.respond(to: $0) }
                announce(address)
            },
            stop: { await server.stop(comment: "the server is stopping") }
        )
    }

    /// When it stops, running deployments have their time to end; a second signal ends the wait.
    private func deployments(of executor: Executor, unless signals: AsyncStream<Int32>) -> Service {
        Service(
            "deployments",
            stopLimit: options.drain + .seconds(120),
            stop: {
                // It is cancelled below.
                let hurry = Task {
                    var signals = signals.makeAsyncIterator()
                    if await signals.next() != nil { await executor.close(drain: .zero) }
                }
                await executor.close(drain: options.drain)
                hurry.cancel()
            }
        )
    }

    /// Reads the token file again; if it cannot be read, the tokens stay as they are.
    private func readTokens(into control: AccessControl, _ log: ServerLog) {
        do {
            guard let tokens = try options.tokens() else { return }
            control.replace(with: tokens)
            log.note("tokens were read again: \(tokens.count)")
        } catch {
            log.note("\(error); the tokens stay as they were")
        }
    }

    private func announce(_ address: ListenAddress) {
        let line =
            switch address {
            case .tcp(let host, let port):
                "listening on http://\(host.contains(":") ? "[\(host)]" : host):\(port)\n"
            case .unix(let path): "listening on unix:\(path)\n"
            }
        // Standard output may be closed, which is no reason to stop.
        try? FileHandle.standardOutput.write(contentsOf: Data(line.utf8))
    }
}
