import Deployments
import Engine
import Probing

/// A deployment's container: what the journal knows about it, and what was seen since. It does no I/O.
struct MonitoredWorkload: Sendable {
    /// What the engine says about the container.
    enum Observation: Sendable, Equatable {
        case runs
        case paused
        case restarting(exitCode: Int)
        case ended(exitCode: Int, outOfMemory: Bool)
        case gone
    }

    /// How many probes in a row must fail before a port counts as unhealthy.
    private static let tolerance = 2
    /// How long a container that was told to stop counts as stopping, if its time limit is unknown.
    static let stopPatience: Duration = .seconds(600)

    let id: DeploymentID
    let request: DeploymentRequest
    /// The beginning of the container's id, or all of it.
    let containerID: String
    private let options: WorkloadOptions

    /// What the journal knows.
    private(set) var reported: Workload
    /// What was seen last; nil before the first look.
    private(set) var sighting: Observation?
    private(set) var health: [String: Bool]
    private(set) var published: [PublishedPort] = []
    /// When the program was started last, which distinguishes one run from the next.
    private(set) var startedAt: String?
    /// Whether it was started again since the last change that the journal took.
    private var isStartedAgain = false
    /// The exit status of the last run, if the engine has reported its end.
    private var lastEnd: Int?
    /// The end of a run that no look has seen, because the next run had begun or the container was gone
    /// before the look.
    private var unseen: Observation?
    /// Until when it counts as stopping while its program still runs.
    private(set) var stopEnd: ContinuousClock.Instant?
    private(set) var nextProbe: ContinuousClock.Instant
    /// Until when only successful probes count, because the program has just been started.
    private var settlingEnd: ContinuousClock.Instant
    private var failures: [String: Int] = [:]
    private var complaints: [String: String] = [:]
    private var isImageSick = false

    /// The number of the newest look whose result is taken into account.
    var inspection = 0
    /// The earliest moment of the next look.
    var nextInspection: ContinuousClock.Instant

    /// Reads a record; nil if it has no container.
    init?(
        id: DeploymentID,
        request: JSONValue,
        state: DeploymentState,
        options: WorkloadOptions,
        now: ContinuousClock.Instant
    ) {
        guard let workload = state.workload, let container = state.result?.containerID,
            let request = DeploymentRequest(json: request)
        else { return nil }
        self.id = id
        self.request = request
        containerID = container
        self.options = options
        reported = workload
        health = workload.health
        settlingEnd = now
        nextInspection = now
        // Spread out, so that many containers are not all probed at once.
        nextProbe = now + options.probeInterval * Double.random(in: 0..<1)
        if workload.state == .stopping { stopEnd = now + .seconds(60) }
        if workload.state == .unhealthy {
            for name in request.requiredPorts where health[name] == false {
                failures[name] = Self.tolerance
            }
        }
    }

    /// Whether its program runs, or will soon run again.
    var isUp: Bool {
        switch sighting {
        case .runs, .paused, .restarting: true
        case .ended, .gone, nil: false
        }
    }

    /// Whether its ports are probed.
    var isProbed: Bool {
        sighting == .runs && stopEnd == nil && !published.isEmpty
    }

    /// Whether the run that was seen last began after this moment of the engine's clock.
    func hasStarted(since time: EventTime) -> Bool {
        guard isUp, let startedAt, let start = EventTime(text: startedAt) else { return false }
        return time < start
    }

    // MARK: Observing

    /// Takes what the engine says about the container; nil if it is gone.
    mutating func see(_ container: Container?, at now: ContinuousClock.Instant) {
        guard let container else { return end(as: .gone) }
        switch container.status {
        case .running, .paused:
            if container.startedAt != startedAt { begin(container, at: now) }
            sighting = container.status == .running ? .runs : .paused
            published = PublishedPort.of(container, request.ports)
            isImageSick = request.heedsImageCheck && container.health == .unhealthy
            if let end = stopEnd, end <= now { stopEnd = nil }
        case .restarting:
            end(as: .restarting(exitCode: container.exitCode))
        case .removing:
            // It is reported once it is gone.
            break
        case .created, .exited, .dead, .other:
            end(as: .ended(exitCode: container.exitCode, outOfMemory: container.oomKilled))
        }
    }

    /// Its program has ended and is not started again.
    mutating func seeEnd(exitCode: Int) {
        end(as: .ended(exitCode: exitCode, outOfMemory: false))
    }

    private mutating func begin(_ container: Container, at now: ContinuousClock.Instant) {
        let isFirstLook = sighting == nil
        startedAt = container.startedAt
        defer { lastEnd = nil }
        guard !isFirstLook || !reported.state.isLive || reported.state == .restarting else {
            return
        }
        isStartedAgain = true
        if sighting == .runs, stopEnd == nil {
            unseen = lastEnd.map { .restarting(exitCode: $0) }
        }
        stopEnd = nil
        forgetHealth()
        settlingEnd = now + options.probeInterval
        nextProbe = now
    }

    private mutating func end(as sighting: Observation) {
        self.sighting = sighting
        unseen = sighting == .gone ? lastEnd.map { .ended(exitCode: $0, outOfMemory: false) } : nil
        lastEnd = nil
        stopEnd = nil
        published = []
        forgetHealth()
    }

    private mutating func forgetHealth() {
        for name in health.keys { health[name] = false }
        failures = [:]
        complaints = [:]
        isImageSick = false
    }

    /// An event says that its program has ended.
    mutating func hearOfEnd(exitCode: Int) {
        lastEnd = exitCode
    }

    /// It was told to stop, and counts as stopping until its program ends or `end` comes.
    mutating func expectStop(until end: ContinuousClock.Instant) {
        stopEnd = end
    }

    /// It could not be stopped.
    mutating func expectNoStop() {
        stopEnd = nil
    }

    /// Takes the answers of its ports, by their names. They count only for the run that began at `startedAt`.
    mutating func hear(
        _ answers: [String: PortProbe.Answer],
        startedAt: String?,
        at now: ContinuousClock.Instant
    ) {
        guard startedAt == self.startedAt, isProbed else { return }
        let isSettling = now < settlingEnd
        for (name, answer) in answers {
            complaints[name] = answer.complaint
            if answer == .healthy {
                failures[name] = 0
                health[name] = true
            } else if !isSettling {
                failures[name, default: 0] += 1
                if failures[name, default: 0] >= Self.tolerance { health[name] = false }
            }
        }
        let isWaiting = isSettling && answers.keys.contains { health[$0] != true }
        let interval = options.probeInterval
        nextProbe = now + (isWaiting ? min(interval, .seconds(1)) : interval)
    }

    /// The engine was lost, so probes that failed meanwhile mean nothing.
    mutating func forgetFailures() {
        for (name, count) in failures where count < Self.tolerance { failures[name] = 0 }
    }

    // MARK: Reporting

    /// The change that the journal does not know yet; nil if there is none.
    func change(at moment: Timestamp) -> WorkloadEvent? {
        let unseen = reported.state.isLive ? unseen : nil
        guard let sighting = unseen ?? sighting else { return nil }
        let state = state(sighting)
        let event = WorkloadEvent(
            deploymentID: id,
            timestamp: moment,
            message: message(state, sighting),
            state: state,
            health: unseen == nil ? health : health.mapValues { _ in false },
            exitCode: exitCode(sighting),
            endpoints: unseen == nil ? endpoints : WorkloadEndpoints()
        )
        let isNews =
            state != reported.state || event.health != reported.health
            || event.exitCode != reported.exitCode || event.endpoints != reported.endpoints
        return isNews ? event : nil
    }

    /// The journal has taken the change.
    mutating func tell(_ event: WorkloadEvent) {
        reported = reported.after(event)
        if unseen == nil { isStartedAgain = false }
        unseen = nil
    }

    private func state(_ sighting: Observation) -> WorkloadState {
        switch sighting {
        case .gone: .removed
        case .ended: .stopped
        case .restarting: .restarting
        case .runs, .paused:
            if stopEnd != nil { .stopping } else { isSick ? .unhealthy : .running }
        }
    }

    private var isSick: Bool {
        sighting == .paused || isImageSick || !sickPorts.isEmpty
    }

    /// The required ports that are unhealthy.
    private var sickPorts: [String] {
        request.requiredPorts.filter { failures[$0, default: 0] >= Self.tolerance }
    }

    private func exitCode(_ sighting: Observation) -> Int? {
        switch sighting {
        case .runs, .paused: nil
        case .restarting(let code), .ended(let code, _): code
        case .gone: reported.exitCode
        }
    }

    private var endpoints: WorkloadEndpoints {
        let urls = Dictionary(
            published.map { ($0.mapping.name, $0.url(host: options.publicHost)) },
            uniquingKeysWith: { first, _ in first }
        )
        return WorkloadEndpoints(
            primary: request.primaryPort.flatMap { urls[$0.name] },
            urls: urls
        )
    }

    // MARK: Messages

    private func message(_ state: WorkloadState, _ sighting: Observation) -> String {
        switch sighting {
        case .gone: "The container was removed"
        case .ended(_, outOfMemory: true):
            "The program used more memory than it may and was killed"
        case .ended(let code, _):
            reported.state == .stopping
                ? "The container has stopped" : "The program ended with exit code \(code)"
        case .restarting(let code):
            "The program ended with exit code \(code) and is being started again"
        case .runs, .paused: messageWhileUp(state)
        }
    }

    private func messageWhileUp(_ state: WorkloadState) -> String {
        if state == .stopping { return "The container was told to stop" }
        if isStartedAgain || endpoints != reported.endpoints { return startedMessage }
        switch (state, reported.state) {
        case (.unhealthy, .unhealthy), (.running, .running): return healthMessage
        case (.unhealthy, _): return sickMessage
        case (_, .unhealthy): return "The container is healthy again"
        case (_, .stopping): return "The container was told to stop, and still runs"
        default: return startedMessage
        }
    }

    private var startedMessage: String {
        let places = published.map { "\($0.mapping.name) on \($0.hostPort)" }
        return (["The container was started again"] + places).joined(separator: ", ")
    }

    private var sickMessage: String {
        if sighting == .paused { return "The container is paused" }
        let ports = sickPorts.map { "\($0) (\(complaints[$0] ?? "no answer"))" }
        return "Not healthy: "
            + (ports + (isImageSick ? ["the image's own check"] : [])).joined(separator: ", ")
    }

    /// The ports whose health has changed.
    private var healthMessage: String {
        let changed = health.filter { reported.health[$0.key] != $0.value }.sorted {
            $0.key < $1.key
        }
        return changed.map { name, isHealthy in
            isHealthy
                ? "\(name) is healthy"
                : "\(name) is not healthy (\(complaints[name] ?? "no answer"))"
        }.joined(separator: "; ")
    }
}
