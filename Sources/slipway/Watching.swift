import Client
import Deployments
import Foundation
import Terminal

/// How a watch is shown and how long it goes on.
struct WatchOptions: Sendable {
    var detail: EventLines.Detail
    var isJSON: Bool
    var isPlain: Bool
    var isQuiet: Bool
    /// Nil for a watch without end.
    var timeout: Duration?

    static let table: [Option] = [
        Option(
            name: "timeout",
            value: "TIME",
            help: "watch for so long, as 90s, 30m, 1h30m (10m)",
            hasVariable: false
        ),
        Option(name: "verbose", short: "v", help: "show details too", hasVariable: false),
        Option(name: "all", help: "show every event", hasVariable: false),
        Option(name: "plain", help: "lines only, no colours, nothing redrawn", hasVariable: false),
        Option(
            name: "quiet",
            short: "q",
            help: "only what came of it: the URL, or why it failed",
            hasVariable: false
        ),
        Option(name: "json", help: "the events as lines of JSON", hasVariable: false),
    ]

    init(_ values: OptionValues, environment: [String: String]) throws(UsageError) {
        detail = try values.flag("all") ? .all : try values.flag("verbose") ? .verbose : .normal
        isJSON = try values.flag("json")
        isQuiet = try values.flag("quiet")
        isPlain = try values.flag("plain") || isJSON || isQuiet
        timeout = try values.duration("timeout")
    }

    /// What is watched for where nothing else is said.
    static let standardTimeout = Duration.seconds(600)
}

/// Watches deployments, shows what happens, and comes to an exit status.
actor Watching {
    private let client: ClientOptions
    private let options: WatchOptions
    private let screen: Screen
    private var state = WatchState()
    private var lines: EventLines
    private var names: [DeploymentID: String] = [:]
    private var finals: [DeploymentID: Event] = [:]
    private var refusal: ClientError?
    /// The deployments whose connection is gone.
    private var lost: [DeploymentID: WatchState.Connection] = [:]

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

    // MARK: What is watched

    /// A deployment of which the server has given the record.
    struct Subject: Sendable {
        let id: DeploymentID
        let app: String
        let environment: String
        let createdAt: Timestamp
        let copy: CopyOrder
        let number: Int64
        let isFinal: Bool

        init?(_ record: JSONValue) {
            guard let id = record["id"]?.string.flatMap(DeploymentID.init),
                let app = record["app"]?.string,
                let createdAt = record["created_at"]?.string.flatMap(Timestamp.init(text:))
            else { return nil }
            self.id = id
            self.app = app
            self.createdAt = createdAt
            environment = record["environment"]?.string ?? "default"
            number = record["number"]?.integer ?? 0
            let stages = (record["stages"]?.elements ?? []).compactMap { $0["name"]?.string }
            let start = stages.firstIndex(of: Stage.startingContainer.rawValue) ?? 0
            let fill = stages.firstIndex(of: Stage.copyingFiles.rawValue) ?? 1
            copy = fill < start ? .beforeStart : .afterStart
            isFinal = record["status"]?.string.flatMap(DeploymentStatus.init)?.isFinal ?? false
        }
    }

    private enum End: Sendable {
        case finished
        case timedOut
        case interrupted
    }

    /// Follows these deployments to their ends.
    func follow(_ subjects: [Subject]) async throws -> ExitStatus {
        for subject in subjects { add(subject) }
        if !options.isJSON, !options.isQuiet {
            await screen.update(lines.header(state, width: screen.width))
        }
        return try await run(until: options.timeout ?? WatchOptions.standardTimeout) { watching in
            await withTaskGroup(of: Void.self) { group in
                for subject in subjects {
                    group.addTask { await watching.follow(subject.id) }
                }
            }
        }
    }

    /// Follows whatever is deployed within the filters, from those under way on, without end.
    func followAll(_ filters: [(String, String)]) async throws -> ExitStatus {
        try await run(until: options.timeout) { watching in
            await watching.discover(filters)
        }
    }

    private func add(_ subject: Subject) {
        names[subject.id] = subject.app
        lines.expect(subject.app)
        state.add(
            subject.id,
            name: subject.app,
            environment: subject.environment,
            createdAt: subject.createdAt,
            copy: subject.copy
        )
    }

    /// Watches until `work` is done, the time is over, or somebody ends it.
    private func run(
        until timeout: Duration?,
        _ work: @escaping @Sendable (Watching) async -> Void
    ) async throws -> ExitStatus {
        let signals = Signals.stream(of: [SIGINT, SIGWINCH])
        let end = await withTaskGroup(of: End?.self) { group in
            group.addTask {
                await work(self)
                return .finished
            }
            if let timeout {
                group.addTask {
                    // Cancelled where the watch ends before.
                    guard (try? await Task.sleep(for: timeout)) != nil else { return nil }
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
            return end ?? .finished
        }
        // A question that has become pointless.
        await screen.release(afterLine: false)
        switch end {
        case .finished: return try await conclude()
        case .timedOut:
            let time = DurationText.text(milliseconds: (timeout ?? .zero).components.seconds * 1000)
            await giveUp("watched for \(time), and the end has not come; it goes on without being watched.")
            return .timedOut
        case .interrupted:
            await giveUp("no longer watched; it goes on.")
            return .interrupted
        }
    }

    // MARK: One deployment

    private func follow(_ id: DeploymentID) async {
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
            if watched.event.stage.isFinal { finals[id] = watched.event }
            if options.isJSON { return await screen.update([watched.textWithID]) }
            guard !options.isQuiet else { return }
            let new = lines.lines(for: watched.event, id: watched.id, name: names[id] ?? "")
            if !new.isEmpty { await show(new) }
        case .lost(let error, let pause, let attempt):
            let isFirst = lost.isEmpty
            lost[id] = .lost(retryAt: Timestamp.now().advanced(by: pause), attempt: attempt)
            state.connection = lost[id] ?? .live
            if isFirst, attempt == 1 {
                await notice("connection lost (\(error)); taking it up again")
            } else if !screen.isTerminal, attempt % 10 == 0 {
                await notice("still no connection (\(error)); attempt \(attempt)")
            }
        case .back:
            lost[id] = nil
            guard lost.isEmpty else { return }
            state.connection = .live
            await notice("connected again; going on after the last event")
        }
    }

    private func fail(_ id: DeploymentID, _ error: ClientError) async {
        refusal = error
        await notice("\(names[id] ?? "") \(id): \(error)")
    }

    // MARK: All deployments

    /// Finds what is to be watched in the feed of everything, and watches it.
    private func discover(_ filters: [(String, String)]) async {
        await withTaskGroup(of: Void.self) { group in
            var newest: Int64?
            var attempt = 0
            while !Task.isCancelled {
                do throws(ClientError) {
                    let feed = try await client.server.events(
                        "/api/events/stream",
                        query: filters + [("types", "deployment.upsert")]
                    )
                    if attempt > 0 { await notice("connected again") }
                    attempt = 0
                    while let block = try await feed.next() {
                        for subject in Self.subjects(in: block) {
                            // At first what is under way; later also what has begun and ended
                            // while there was no connection.
                            guard names[subject.id] == nil,
                                newest.map({ subject.number > $0 }) ?? !subject.isFinal
                            else { continue }
                            add(subject)
                            group.addTask { await self.follow(subject.id) }
                        }
                        let numbers = Self.subjects(in: block).map(\.number)
                        newest = max(newest ?? 0, numbers.max() ?? 0)
                    }
                    throw .lost("the feed ended")
                } catch {
                    guard newest != nil, error.mayPass, !Task.isCancelled else {
                        if !Task.isCancelled { refusal = error }
                        break
                    }
                    attempt += 1
                    if attempt == 1 { await notice("connection lost (\(error)); taking it up again") }
                    // Cancelled: the loop ends.
                    try? await Task.sleep(for: .seconds(min(attempt, 5)))
                }
            }
            if refusal != nil { group.cancelAll() }
        }
    }

    private static func subjects(in block: ServerSentEvent) -> [Subject] {
        guard let json = try? JSONValue(parsing: Array(block.data.utf8)),
            let payload = json["payload"]
        else { return [] }
        switch json["type"]?.string {
        case "snapshot":
            let subjects = (payload["deployments"]?.elements ?? []).compactMap(Subject.init)
            return subjects.sorted { $0.number < $1.number }
        case "deployment.upsert": return Subject(payload).map { [$0] } ?? []
        default: return []
        }
    }

    // MARK: What is shown

    private func show(_ new: [String]) async {
        await screen.update(new, region: region)
    }

    /// What is drawn in place; nothing without a terminal.
    private var region: [String] {
        guard screen.isTerminal else { return [] }
        return WatchScreen.render(state, size: screen.size, now: .now(), style: screen.style)
    }

    /// A word about the watch itself: among the lines on a terminal, else on standard error.
    private func notice(_ text: String) async {
        guard screen.isTerminal else { return Slipway.complain(text) }
        let time = TimeText(utcOffset: LocalTime.offset).clock(.now())
        await show([screen.style.dim("[\(time)]") + " " + screen.style.yellow("! \(printable(text))")])
    }

    /// Draws the time passing.
    private func animate() async {
        while !Task.isCancelled {
            await screen.update(region: region)
            // Cancelled: the loop ends.
            try? await Task.sleep(for: .milliseconds(120))
        }
    }

    // MARK: The end

    private func conclude() async throws -> ExitStatus {
        await screen.update(region: [])
        if let refusal { throw refusal }
        if options.isQuiet {
            for row in state.rows {
                guard let event = finals[row.id] else { continue }
                if let url = event.outcome?.result.endpointURL, event.stage == .completed {
                    await screen.update([url])
                } else if event.stage != .completed {
                    let code = event.outcome?.failure?.code.rawValue ?? event.stage.rawValue
                    Slipway.complain("\(row.name) \(row.id): \(code): \(event.message)")
                }
            }
        } else if !options.isJSON {
            await screen.update(lines.footer(state, now: .now(), width: screen.width))
        }
        let stages = finals.values.map(\.stage)
        if stages.contains(.error) { return .failed }
        if stages.contains(where: { $0 == .cancelled || $0 == .superseded }) { return .cancelled }
        return .success
    }

    /// Ends the watch without the end of what is watched, and tells how to watch again.
    private func giveUp(_ reason: String) async {
        await screen.update(region: [])
        let unfinished = state.rows.filter { finals[$0.id] == nil }.map(\.id.text)
        guard !unfinished.isEmpty else { return Slipway.complain("no longer watched.") }
        Slipway.complain(
            "\(reason)\nslipway watch\(client.again) \(unfinished.joined(separator: " "))"
                + (unfinished.count == 1 ? " follows it again." : " follows them again.")
        )
    }

    /// Waits for Ctrl-C, and draws anew where the terminal has another size.
    ///
    /// On a terminal Ctrl-C is a question, and the second one an answer: it is left running.
    private func heed(_ signals: AsyncStream<Int32>) async -> End? {
        let (occasions, continuation) = AsyncStream.makeStream(of: Occasion.self)
        // Ends with the process: nobody else reads the signals.
        Task { for await signal in signals { continuation.yield(.signal(signal)) } }
        var isAsking = false
        for await occasion in occasions {
            switch occasion {
            case .signal(SIGWINCH): await screen.update(region: region)
            case .signal:
                guard screen.isTerminal, !names.isEmpty, !isAsking else { return .interrupted }
                isAsking = true
                await ask()
                Keyboard.readLine { continuation.yield(.answer($0)) }
            case .answer(let line):
                isAsking = false
                await screen.release(afterLine: true)
                switch line?.first {
                case nil where line == nil, "l", "L": return .interrupted
                case "c", "C": await cancelAll()
                default: break
                }
                await screen.update(region: region)
            }
        }
        return nil
    }

    private enum Occasion: Sendable {
        case signal(Int32)
        /// What was typed; nil where nothing can be.
        case answer(String?)
    }

    private func ask() async {
        let count = state.rows.count { finals[$0.id] == nil }
        let (what, they) = count == 1 ? ("it", "it") : ("all \(count)", "them")
        await screen.hold("Cancel \(what), or leave \(they) running? [c]ancel, [l]eave, Enter watches on: ")
    }

    private func cancelAll() async {
        for row in state.rows where finals[row.id] == nil {
            do throws(ClientError) {
                _ = try await client.server.json("POST", "/api/deployments/\(row.id)/cancel")
            } catch {
                await notice("\(row.name) could not be cancelled: \(error)")
            }
        }
    }
}
