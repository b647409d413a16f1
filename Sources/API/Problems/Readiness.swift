import Deployments
import Executor
import HTTP
import Journal
import Threads

/// Checks whether the server can work: the store must accept a commit and the engine must answer.
actor Readiness {
    /// The time for which an answer is reused, so that frequent requests cost nothing.
    private static let lifetime = Duration.seconds(2)
    /// The time limit for the store and for the engine.
    private static let limit = Duration.seconds(3)

    private let journal: any Journal
    private let engine: EnginePing
    private var latest: (task: Task<Response, Never>, begun: ContinuousClock.Instant)?

    init(journal: any Journal, engine: EnginePing) {
        self.journal = journal
        self.engine = engine
    }

    /// Answers 200, or 503 with what is wrong. Simultaneous requests share one check.
    func answer() async -> Response {
        if let latest, latest.begun.duration(to: .now) < Self.lifetime {
            return await latest.task.value
        }
        let (journal, engine) = (journal, engine)
        // The task is awaited by all callers, and ends by itself.
        let task = Task {
            async let store = Self.trouble(journal)
            async let trouble = engine.trouble(limit: Self.limit)
            return await Self.response(store: store, engine: trouble)
        }
        latest = (task, .now)
        return await task.value
    }

    private static func response(store: String?, engine: String?) -> Response {
        func part(_ trouble: String?) -> JSONValue {
            guard let trouble else { return ["status": "ok"] }
            return ["status": "unavailable", "message": .string(trouble)]
        }
        let isReady = store == nil && engine == nil
        return .json(
            [
                "status": isReady ? "ok" : "unavailable",
                "version": .string(ProgramVersion.version),
                "store": part(store),
                "engine": part(engine),
            ],
            status: isReady ? 200 : 503
        )
    }

    /// The reason why the store accepts no commit; nil if it does. A disk that does not answer in
    /// time counts as such.
    private static func trouble(_ journal: any Journal) async -> String? {
        let (answers, continuation) = AsyncStream.makeStream(of: String?.self)
        // The first answer counts. The commit may end much later, and cannot be cancelled.
        Task {
            do throws(JournalError) {
                try await journal.verifyWritable()
                continuation.yield(nil)
            } catch {
                continuation.yield(error.description)
            }
        }
        let timer = Task {
            try await Task.pause(for: limit)
            continuation.yield("the disk has not answered for \(limit.components.seconds) s")
        }
        defer { timer.cancel() }
        for await answer in answers { return answer }
        return nil
    }
}
