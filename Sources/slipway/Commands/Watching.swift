import Client
import Deployments
import Dispatch
import Foundation
import Glibc
import Sockets
import Terminal
import Threads

/// Watches deployments, shows what happens, and determines the exit status.
///
/// It runs on the event loop, where the events arrive.
@EventLoop
final class Watching {
    let client: ClientOptions
    let options: WatchOptions
    let screen: Screen
    var state = WatchState()
    var lines: EventLines
    /// The final events of the deployments that have ended.
    var finals: [DeploymentID: Event] = [:]
    /// Whether the server has refused a watch.
    var isRefused = false
    /// Whether a new connection has been reported since the last event.
    private var isToldBack = false
    /// The deployments whose connection is lost.
    var lost: [DeploymentID: WatchState.Connection] = [:]

    init(
        _ client: ClientOptions,
        _ options: WatchOptions,
        severalNames: Bool,
        environment: [String: String]
    ) {
        self.client = client
        self.options = options
        screen = Screen(plain: options.isPlain, environment: environment)
        lines = EventLines(
            detail: options.detail,
            namesRows: severalNames,
            style: screen.style,
            pulseSeconds: screen.isTerminal ? nil : 15,
            utcOffset: LocalTime.offset
        )
    }

    /// Why a watch has ended.
    enum End: Sendable {
        case finished
        case timedOut
        case interrupted

        /// The exit status; nil if it depends on how the deployments ended.
        var status: ExitStatus? {
            switch self {
            case .finished: nil
            case .timedOut: .timedOut
            case .interrupted: .interrupted
            }
        }
    }

    private static func exit(with status: ExitStatus, after seconds: Int) {
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(seconds)) {
            Glibc.exit(status.rawValue)
        }
    }

    // MARK: Watching

    /// Follows these deployments to their end.
    func follow(_ subjects: [WatchSubject]) async -> ExitStatus {
        for subject in subjects { add(subject) }
        if !options.isJSON, !options.isQuiet {
            await screen.update(lines.header(state, width: screen.width))
        }
        return await run(until: options.timeout ?? WatchOptions.standardTimeout) { watching in
            await withTaskGroup(of: Void.self) { group in
                for subject in subjects {
                    group.addTask { await watching.follow(subject.id) }
                }
            }
        }
    }

    /// Follows the deployments under way and all later ones that match the filters, without end.
    func followAll(_ filters: [(String, String)]) async -> ExitStatus {
        await run(until: options.timeout) { watching in
            await watching.discover(filters)
        }
    }

    func add(_ subject: WatchSubject) {
        lines.expect(subject.app)
        state.add(
            subject.id,
            name: subject.app,
            environment: subject.environment,
            createdAt: subject.createdAt,
            copy: subject.copy
        )
    }

    /// Watches until `work` is done, the time is over, or Ctrl-C ends it.
    private func run(
        until timeout: Duration?,
        _ work: @escaping @EventLoop @Sendable (Watching) async -> Void
    ) async -> ExitStatus {
        let signals = Signals.stream(of: [SIGINT, SIGWINCH, SIGCONT])
        let end = await withTaskGroup(of: End?.self) { group in
            group.addTask {
                await work(self)
                return .finished
            }
            if let timeout {
                group.addTask {
                    // It is cancelled if the watch ends earlier.
                    guard (try? await Task.pause(for: timeout)) != nil else { return nil }
                    return .timedOut
                }
            }
            group.addTask { await self.heed(signals) }
            if screen.isTerminal {
                group.addTask {
                    await self.animate()
                    return nil
                }
            }
            var end: End?
            while end == nil, let next = await group.next() { end = next }
            group.cancelAll()
            // Output that cannot be written, as to a pipe that nobody reads, must not delay the end.
            if let status = end?.status { Self.exit(with: status, after: 1) }
            return end ?? .finished
        }
        // A question that is still shown has become pointless.
        await screen.release(afterLine: false)
        switch end {
        case .finished: return await conclude()
        case .timedOut:
            let time = DurationText.text(milliseconds: (timeout ?? .zero).components.seconds * 1000)
            await giveUp(
                "still under way after \(time); it goes on without being watched."
            )
            return .timedOut
        case .interrupted:
            await giveUp("the watch has ended; what was watched goes on.")
            return .interrupted
        }
    }

    // MARK: One deployment

    func follow(_ id: DeploymentID) async {
        do throws(ClientError) {
            try await DeploymentWatch(of: id, on: client.server).run(isKnown: true) { news in
                await self.take(news, of: id)
            }
        } catch {
            if !Task.isCancelled { await fail(id, error) }
        }
    }

    private func take(_ news: DeploymentWatch.News, of id: DeploymentID) async {
        switch news {
        case .event(let watched):
            state.apply(watched.event, id: watched.id)
            if lost.isEmpty { state.connection = .live }
            isToldBack = false
            if watched.event.stage.isFinal { finals[id] = watched.event }
            if options.isJSON { return await screen.update([watched.textWithID]) }
            guard !options.isQuiet else { return }
            let new = lines.lines(for: watched.event, id: watched.id, name: state[id]?.label ?? "")
            if !new.isEmpty { await show(new) }
        case .lost(let error, let pause, let attempt):
            let isFirst = lost.isEmpty
            lost[id] = .lost(retryAt: Timestamp.now().advanced(by: pause), attempt: attempt)
            state.connection = lost[id] ?? .live
            if isFirst, attempt == 1 {
                await notice("connection lost (\(error)); connecting again")
            } else if !screen.isTerminal, attempt % 10 == 0 {
                await notice("still no connection (\(error)); attempt \(attempt)")
            }
        case .back:
            lost[id] = nil
            guard lost.isEmpty else { return }
            state.connection = .live
            guard !isToldBack else { return }
            isToldBack = true
            await notice("connected again; continuing after the last event")
        }
    }

    private func fail(_ id: DeploymentID, _ error: ClientError) async {
        isRefused = true
        await notice("\(state[id]?.label ?? "") \(id): \(error)")
    }

    // MARK: Display

    func show(_ new: [String]) async {
        await screen.update(new, region: region)
    }

    /// The lines that are redrawn in place; none without a terminal.
    var region: [String] {
        guard screen.isTerminal else { return [] }
        return WatchScreen.render(state, size: screen.size, now: .now(), style: screen.style)
    }

    /// Shows a message about the watch itself: among the lines on a terminal, otherwise on standard error.
    func notice(_ text: String) async {
        guard screen.isTerminal else { return Slipway.complain(text) }
        let time = TimeText(utcOffset: LocalTime.offset).clock(.now())
        await show([
            screen.style.dim("[\(time)]") + " " + screen.style.yellow("! \(printable(text))")
        ])
    }

    /// Redraws the lines so that they show the time passing.
    private func animate() async {
        while !Task.isCancelled {
            await screen.update(region: region)
            // If the task is cancelled, the loop ends.
            try? await Task.pause(for: .milliseconds(150))
        }
    }
}
