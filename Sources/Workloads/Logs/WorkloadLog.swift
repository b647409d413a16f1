public import Deployments
import Engine
import Journal
import Streams

/// What a container has written and, if it is followed, goes on to write.
public struct WorkloadLog: Sendable {
    let engine: any Engine
    let container: String
    let lines: Int
    let follow: Bool
    let redactor: Redactor
    /// The permit to read the log. It lives as long as this value.
    let permit: LogPermit

    /// The most bytes that are held back while the reader is slow.
    private static let mostHeld = 131_072

    /// Hands over some lines at a time, without secrets and without line feeds, no faster than they are
    /// taken. Returns at the end of the log, when `take` gives false, or when the task is cancelled.
    public func read(_ take: @Sendable ([String]) async -> Bool) async {
        let (pieces, piece) = AsyncStream.makeStream(of: [UInt8].self)
        let flow = OutputFlow(limit: Self.mostHeld)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [engine, container, lines, follow] in
                await engine.readLog(of: container, lines: lines, follow: follow, flow: flow) {
                    piece.yield($0)
                }
                piece.finish()
            }
            await hand(over: pieces, flow, to: take)
            // Nobody takes any more lines, so the command is ended.
            group.cancelAll()
        }
    }

    private func hand(
        over pieces: AsyncStream<[UInt8]>,
        _ flow: OutputFlow,
        to take: @Sendable ([String]) async -> Bool
    ) async {
        var lines = RedactedLines(redactor)
        for await piece in pieces {
            let whole = lines.feed(piece)
            guard whole.isEmpty ? true : await take(whole) else { return }
            flow.took(piece.count)
        }
        if let last = lines.finish() { _ = await take([last]) }
    }
}

extension WorkloadMonitor {
    /// How many logs were refused because too many were being read.
    public nonisolated var refusedLogs: Int { logs.refused }

    /// The log of a deployment's container, whether it runs or not.
    ///
    /// - Parameters:
    ///   - lines: how many of the last lines.
    ///   - follow: whether to go on with what it writes from then on, until it stops.
    public func log(
        of id: DeploymentID,
        lines: Int,
        follow: Bool
    ) async throws(WorkloadError) -> WorkloadLog {
        let record = try await record(of: id)
        guard let permit = logs.take(for: record.deployment.tenant) else { throw .tooManyLogs }
        let container = try await container(of: record)
        let engine = engine.working(on: EngineWork(image: record.deployment.image))
        // After the first lines are sent, an error would look like one of them.
        do throws(EngineFailure) {
            try await engine.checkLog(of: container)
        } catch {
            throw .engine(error)
        }
        return WorkloadLog(
            engine: engine,
            container: container,
            lines: lines,
            follow: follow,
            redactor: try await redactor(for: container, record),
            permit: permit
        )
    }

    /// The deployment's container: the one that its result names, or else one that it had created.
    @inline(never)
    private func container(of record: DeploymentRecord) async throws(WorkloadError) -> String {
        let id = record.deployment.id
        let list: [ContainerSummary]
        do throws(EngineFailure) {
            list = try await engine.containers(labelled: Label.deployment, id.text)
        } catch {
            throw .engine(error)
        }
        let own = record.state.result?.containerID
        let release = ReleaseCommand.containerName(record.deployment.containerName, id)
        for container in list where container.name != release {
            if let own {
                if container.id.hasPrefix(own) { return container.id }
            } else if try await isOwn(container.id, of: id) {
                return container.id
            }
        }
        guard record.state.workload != nil else { throw .noContainer(record.state.status) }
        throw .removed(replacedBy: try await successor(of: record))
    }

    /// Whether the deployment had the container created. The container's label proves nothing.
    private func isOwn(
        _ container: String,
        of id: DeploymentID
    ) async throws(WorkloadError) -> Bool {
        // A container that cannot be inspected does not count.
        guard let found = try? await engine.container(container) else { return false }
        do {
            return try await journal.owner(of: found.claim)?.deployment == id
        } catch {
            throw .journal(error)
        }
    }

    /// Masks the values of the container's environment, and its secrets. Only the container still has them.
    @inline(never)
    private func redactor(
        for container: String,
        _ record: DeploymentRecord
    ) async throws(WorkloadError) -> Redactor {
        let request = record.deployment.request
        let names = DeploymentRequest.environmentNames(request)
        let secrets = DeploymentRequest.secretNames(request)
        var values: [String: String] = [:]
        var files: [String: [UInt8]] = [:]
        do throws(EngineFailure) {
            if !names.isEmpty { values = try await engine.environment(of: container) }
            if !secrets.isEmpty {
                files = try await engine.files(at: DeploymentRequest.secretsFolder, in: container)
            }
        } catch {
            throw .engine(error)
        }
        // No log is better than one that shows secrets.
        guard names.allSatisfy({ values[$0] != nil }), secrets.allSatisfy({ files[$0] != nil })
        else {
            throw .engine(
                EngineFailure(
                    code: .internal,
                    message: "The engine does not give all values that the container has.",
                    hint: "Deploy again; the log is not shown, because it may hold secrets."
                )
            )
        }
        let texts = secrets.compactMap { files[$0] }.map { String(decoding: $0, as: UTF8.self) }
        return Redactor(values: names.compactMap { values[$0] } + texts)
    }
}
