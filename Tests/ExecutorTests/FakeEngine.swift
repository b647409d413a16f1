import Deployments
import Engine
import Streams
import Synchronization

/// An engine in memory, whose containers run at once and for ever. It counts the calls, and a test can
/// have something happen before or after one of them.
final class FakeEngine: Engine {
    /// What an engine does.
    enum Operation: String, CaseIterable {
        case version, platform, time, checkNetwork, checkLog
        case volumes, createVolume, connect, files, awaitEnd, removeImages
        case container, named, containers, labelled, publishing, environment, log
        case create, start, copy, setRestartPolicy, rename, stop, remove
        case image, registryImage, pull, build
    }

    /// When something is to happen.
    struct Moment: Hashable, CustomStringConvertible {
        let operation: Operation
        /// After its work is done, and before anybody hears of it.
        var isAfter = false
        /// The first call has the number 1; calls before `arm` do not count.
        var number = 1

        var description: String {
            "\(isAfter ? "after" : "before") \(operation.rawValue) \(number)"
        }
    }

    typealias Hook = @Sendable () async throws(EngineFailure) -> Void

    private struct State {
        var containers: [String: Container] = [:]
        var policies: [String: String] = [:]
        var calls: [Operation] = []
        var counts: [Operation: Int] = [:]
        var created = 0
        var hooks: [Moment: Hook] = [:]
        var refusals: [Operation: EngineFailure] = [:]
        /// What a container's program has written.
        var lastWords: [String] = []
        /// The labels of the volumes by their names.
        var volumes: [String: [String: String]] = [:]
        var anonymousVolumes: Set<String> = []
        /// The folder of the engine's data, and the bytes that its images take.
        var dataFolder: String?
        var imageBytes: Int64 = 0
        /// The status with which a release command ends.
        var exitStatus = 0
        var releases = 0
        var builds: [BuildSpecification] = []
        /// What was copied, and where to.
        var copies: [(path: String, bytes: [UInt8])] = []
    }

    private let state = Mutex(State())
    private let images = Mutex(
        Image(
            id: "sha256:1",
            repoDigests: ["image@sha256:2"],
            os: "linux",
            architecture: "amd64"
        )
    )

    /// The one image that it has.
    var image: Image {
        get { images.withLock { $0 } }
        set { images.withLock { $0 = newValue } }
    }

    var calls: [Operation] { state.withLock { $0.calls } }
    var all: [Container] { state.withLock { Array($0.containers.values) } }

    /// When the engine starts a container again.
    func policy(of id: String) -> String? { state.withLock { $0.policies[id] } }

    /// Has something happen, once, counting the calls from now on.
    func arm(_ moment: Moment, _ hook: @escaping Hook) {
        state.withLock { state in
            state.counts = [:]
            state.hooks = [moment: hook]
        }
    }

    /// Refuses every such call from now on, or none any more.
    func refuse(_ operation: Operation, _ failure: EngineFailure?) {
        state.withLock { $0.refusals[operation] = failure }
    }

    /// Changes a container behind everybody's back.
    func change(_ name: String, _ body: (inout Container) -> Void) {
        state.withLock { state in
            for (id, container) in state.containers where container.name == name {
                body(&state.containers[id, default: container])
            }
        }
    }

    /// Removes a container behind everybody's back.
    func lose(_ name: String) {
        state.withLock { state in
            state.containers = state.containers.filter { $0.value.name != name }
        }
    }

    /// Has every container's program write these lines.
    func write(_ lines: [String]) {
        state.withLock { $0.lastWords = lines }
    }

    /// Makes a volume that somebody else has.
    func makeVolume(_ name: String, labels: [String: String], isAnonymous: Bool = false) {
        state.withLock {
            $0.volumes[name] = labels
            if isAnonymous { $0.anonymousVolumes.insert(name) }
        }
    }

    /// Has release commands end with that status.
    func endReleases(with status: Int) {
        state.withLock { $0.exitStatus = status }
    }

    /// The labels of the volumes by their names.
    var volumes: [String: [String: String]] { state.withLock { $0.volumes } }

    /// Where the engine keeps its data; nil if it does not tell.
    var dataFolder: String? {
        get { state.withLock { $0.dataFolder } }
        set { state.withLock { $0.dataFolder = newValue } }
    }

    /// The bytes that the engine's images take.
    var imageSize: Int64 {
        get { state.withLock { $0.imageBytes } }
        set { state.withLock { $0.imageBytes = newValue } }
    }

    /// How often a release command was started.
    var releases: Int { state.withLock { $0.releases } }

    /// What was built, in order.
    var builds: [BuildSpecification] { state.withLock { $0.builds } }

    /// What was copied, and where to, in order.
    var copies: [(path: String, bytes: [UInt8])] { state.withLock { $0.copies } }

    /// Makes a container that nobody has asked for.
    func make(_ id: String, named name: String) {
        state.withLock {
            $0.containers[id] = Container(id: id, name: name, imageID: image.id, status: .running)
        }
    }

    private func act<Value>(
        _ operation: Operation,
        _ body: (inout State) throws(EngineFailure) -> Value
    ) async throws(EngineFailure) -> Value {
        let number = state.withLock { state in
            state.calls.append(operation)
            state.counts[operation, default: 0] += 1
            return state.counts[operation, default: 0]
        }
        func hook(_ isAfter: Bool) -> Hook? {
            let moment = Moment(operation: operation, isAfter: isAfter, number: number)
            return state.withLock { $0.hooks.removeValue(forKey: moment) }
        }
        try await hook(false)?()
        guard !Task.isCancelled else { throw Self.cancelled }
        if let refusal = state.withLock({ $0.refusals[operation] }) { throw refusal }
        let result = state.withLock { state -> Result<Value, EngineFailure> in
            do throws(EngineFailure) {
                return .success(try body(&state))
            } catch {
                return .failure(error)
            }
        }
        try await hook(true)?()
        return try result.get()
    }

    private static var cancelled: EngineFailure {
        EngineFailure(code: .cancelled, message: "It was ended.", hint: "Ask again.")
    }

    /// What the engine says of a container that is not there.
    private static var missing: EngineFailure {
        var failure = EngineFailure(
            code: .internal,
            message: "There is no such container.",
            hint: "See what there is."
        )
        failure.isMissing = true
        return failure
    }

    /// Changes the container of an id.
    private func change(
        _ operation: Operation,
        _ id: String,
        _ body: (inout Container) -> Void
    ) async throws(EngineFailure) {
        try await act(operation) { state throws(EngineFailure) in
            guard var container = state.containers[id] else { throw Self.missing }
            body(&container)
            state.containers[id] = container
        }
    }

    // MARK: The protocol

    let isLocal = true

    func working(on work: EngineWork) -> any Engine { self }

    func version(within limit: Duration) async throws(EngineFailure) -> EngineVersion {
        try await act(.version) { _ in
            EngineVersion(number: "1", platform: EnginePlatform(os: "linux", architecture: "amd64"))
        }
    }

    func platform() async throws(EngineFailure) -> EnginePlatform? {
        try await act(.platform) { _ in EnginePlatform(os: "linux", architecture: "amd64") }
    }

    func time() async throws(EngineFailure) -> String {
        try await act(.time) { _ in "2026-11-21T10:30:00Z" }
    }

    func follow(
        labelled label: String,
        since: String,
        _ take: @escaping @Sendable ([ContainerEvent]) -> Void
    ) async -> EngineFailure {
        Self.cancelled
    }

    func checkLog(of id: String) async throws(EngineFailure) {
        try await act(.checkLog) { _ in }
    }

    func readLog(
        of id: String,
        lines: Int,
        follow: Bool,
        flow: OutputFlow,
        _ take: @escaping @Sendable ([UInt8]) -> Void
    ) async {}

    func setup() async throws(EngineFailure) -> EngineSetup {
        EngineSetup(takesLogOptions: false, dataFolder: dataFolder)
    }

    func imageBytes() async throws(EngineFailure) -> Int64 { imageSize }

    func connect(
        _ id: String,
        to attachment: ContainerSettings.Attachment
    ) async throws(EngineFailure) {
        try await change(.connect, id) { _ in }
    }

    func files(
        at path: String,
        in id: String
    ) async throws(EngineFailure) -> [String: [UInt8]] {
        try await act(.files) { _ in [:] }
    }

    /// The program of a release command ends when it is asked for.
    func awaitEnd(of id: String) async throws(EngineFailure) -> Int {
        let status = state.withLock { $0.exitStatus }
        try await change(.awaitEnd, id) { container in
            container.status = .exited
            container.running = false
            container.exitCode = status
        }
        return status
    }

    func volumes(_ names: [String]) async throws(EngineFailure) -> [Volume] {
        try await act(.volumes) { state in
            names.compactMap { name in
                state.volumes[name].map { labels in
                    let isAnonymous = state.anonymousVolumes.contains(name)
                    return Volume(name: name, labels: labels, isAnonymous: isAnonymous)
                }
            }
        }
    }

    func volumes(labelled label: String) async throws(EngineFailure) -> [Volume] {
        try await act(.volumes) { state in
            state.volumes.filter { $0.value[label] != nil }.map { Volume(name: $0, labels: $1) }
        }
    }

    func createVolume(_ name: String, labels: [String: String]) async throws(EngineFailure) {
        try await act(.createVolume) { state in
            if state.volumes[name] == nil { state.volumes[name] = labels }
        }
    }

    func removeVolume(_ name: String) async throws(EngineFailure) {
        state.withLock { $0.volumes[name] = nil }
    }

    func volumeUses() async throws(EngineFailure) -> [VolumeUse] { [] }

    func volumeSizes() async throws(EngineFailure) -> [String: Int64] { [:] }

    func removeImages(_ ids: [String]) async throws(EngineFailure) -> ImageRemoval {
        try await act(.removeImages) { _ in ImageRemoval(removed: ids) }
    }

    func checkNetwork(_ name: String) async throws(EngineFailure) {
        try await act(.checkNetwork) { _ in }
    }

    func container(_ id: String) async throws(EngineFailure) -> Container? {
        try await act(.container) { $0.containers[id] }
    }

    func container(named name: String) async throws(EngineFailure) -> Container? {
        try await act(.named) { $0.containers.values.first { $0.name == name } }
    }

    func containers(_ names: [String]) async throws(EngineFailure) -> ContainerFindings {
        try await act(.containers) { state in
            var findings = ContainerFindings(found: [], missing: [])
            for name in names {
                let all = state.containers
                if let container = all[name] ?? all.values.first(where: { $0.name == name }) {
                    findings.found.append(container)
                } else {
                    findings.missing.insert(name)
                }
            }
            return findings
        }
    }

    func containers(
        labelled label: String,
        _ value: String?
    ) async throws(EngineFailure) -> [ContainerSummary] {
        try await act(.labelled) { state in
            state.containers.values.filter { container in
                container.labels[label].map { value == nil || value == $0 } ?? false
            }.map { ContainerSummary(id: $0.id, name: $0.name, status: $0.status) }
        }
    }

    func containers(
        publishing port: UInt16
    ) async throws(EngineFailure) -> [ContainerSummary] {
        try await act(.publishing) { _ in [] }
    }

    func environment(of id: String) async throws(EngineFailure) -> [String: String] {
        try await act(.environment) { _ in [:] }
    }

    func log(of id: String) async throws(EngineFailure) -> ContainerLog {
        try await act(.log) { state in
            ContainerLog(output: state.lastWords.map { ContainerLog.Line(time: "", text: $0) })
        }
    }

    func create(
        _ specification: ContainerSpecification,
        _ environment: ContainerEnvironment
    ) async throws(EngineFailure) -> String {
        try await act(.create) { state throws(EngineFailure) in
            guard !state.containers.values.contains(where: { $0.name == specification.name }) else {
                throw EngineFailure(code: .nameInUse, message: "It is taken.", hint: "Choose.")
            }
            state.created += 1
            let digits = String(state.created)
            let id = String(repeating: "c", count: 64 - digits.count) + digits
            var container = Container(
                id: id,
                name: specification.name,
                imageID: self.image.id,
                status: .created
            )
            container.labels = specification.labels
            container.mounts = specification.mounts
            state.containers[id] = container
            state.policies[id] = specification.restart
            return id
        }
    }

    func start(_ id: String) async throws(EngineFailure) {
        try await act(.start) { state throws(EngineFailure) in
            guard var container = state.containers[id] else { throw Self.missing }
            if container.name.contains(".release-"), !container.running { state.releases += 1 }
            container.status = .running
            container.running = true
            state.containers[id] = container
        }
    }

    func copy(
        _ archive: any ByteSource,
        into id: String,
        at path: String
    ) async throws(EngineFailure) {
        var bytes: [UInt8] = []
        do {
            while let piece = try await archive.next() {
                archive.accepted(piece.count)
                bytes += piece
            }
        } catch {
            throw EngineFailure(code: .sourceUnreadable, message: "\(error)", hint: "Repair it.")
        }
        try await change(.copy, id) { _ in }
        let whole = bytes
        state.withLock { $0.copies.append((path, whole)) }
    }

    func setRestartPolicy(_ policy: String, of id: String) async throws(EngineFailure) {
        try await act(.setRestartPolicy) { state throws(EngineFailure) in
            guard state.containers[id] != nil else { throw Self.missing }
            state.policies[id] = policy
        }
    }

    func rename(_ id: String, to name: String) async throws(EngineFailure) {
        try await change(.rename, id) { $0.name = name }
    }

    func stop(_ id: String, seconds: Int) async throws(EngineFailure) {
        try await change(.stop, id) { container in
            container.status = .exited
            container.running = false
        }
    }

    func remove(_ id: String) async throws(EngineFailure) {
        try await act(.remove) { state throws(EngineFailure) in
            guard state.containers.removeValue(forKey: id) != nil else { throw Self.missing }
        }
    }

    func image(_ name: String) async throws(EngineFailure) -> Image {
        try await act(.image) { _ in self.image }
    }

    func registryImage(
        _ name: String,
        for platform: String,
        credentials: Credentials?
    ) async throws(EngineFailure) -> RegistryImage {
        try await act(.registryImage) { _ in .image(layers: 1, bytes: 1) }
    }

    func pull(
        _ name: String,
        platform: String?,
        credentials: Credentials?,
        report: PullReport
    ) async throws(EngineFailure) -> PulledImage {
        try await act(.pull) { _ in PulledImage(digest: "sha256:2", isUpToDate: true) }
    }

    func build(
        _ specification: BuildSpecification,
        of context: any ByteSource,
        report: BuildReport
    ) async throws(EngineFailure) {
        // What cannot be read shows in the archive itself.
        while let bytes = try? await context.next() { context.accepted(bytes.count) }
        try await act(.build) { $0.builds.append(specification) }
    }
}
