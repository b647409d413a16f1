import Deployments
import Engine
import Threads

extension Pipeline {
    /// Has the engine do something, and gives the result. Throws if the deployment is to end.
    func attempt<Value: Sendable>(
        _ work: (any Engine) async throws(EngineFailure) -> Value
    ) async throws -> Result<Value, EngineFailure> {
        try Task.checkCancellation()
        let result: Result<Value, EngineFailure>
        do throws(EngineFailure) {
            result = .success(try await work(engine))
        } catch {
            result = .failure(error)
        }
        try Task.checkCancellation()
        return result
    }

    /// Has the engine do something; throws if it fails, or the deployment is to end.
    @discardableResult
    func perform<Value: Sendable>(
        _ work: (any Engine) async throws(EngineFailure) -> Value
    ) async throws -> Value {
        try await attempt(work).getOrFail()
    }

    /// Asks the engine. If it has answered before and is away now, for instance because it is being started
    /// again, it is waited for.
    func ask<Value: Sendable>(
        _ question: (any Engine) async throws(EngineFailure) -> Value
    ) async throws -> Value {
        try await askAgain(question).getOrFail()
    }

    /// Asks the engine as `ask` does, and gives the result.
    func askAgain<Value: Sendable>(
        _ question: (any Engine) async throws(EngineFailure) -> Value
    ) async throws -> Result<Value, EngineFailure> {
        var result = try await attempt(question)
        // It may go away again before the question has reached it.
        for _ in 0..<5 {
            guard engineHasAnswered, case .failure(let failure) = result,
                failure.code == .dockerUnavailable, await engineComesBack()
            else { break }
            result = try await attempt(question)
        }
        return result
    }

    /// Waits for an engine that does not answer; false if it stays away, or the deployment is
    /// to end.
    func engineComesBack() async -> Bool {
        guard engineHasAnswered else { return false }
        let end = ContinuousClock.now + options.enginePatience
        // If the journal fails, the stage's next event shows it.
        if !hasToldAbsence {
            try? await recorder.note("The engine does not answer; waiting for it")
        }
        hasToldAbsence = true
        var pause = Duration.milliseconds(100)
        while ContinuousClock.now < end, !Task.isCancelled {
            try? await Task.pause(for: pause)  // If it is cancelled, the loop ends.
            pause = min(pause * 2, .seconds(2))
            do throws(EngineFailure) {
                _ = try await engine.version(within: .seconds(30))
                observed.engineWasAway = true
                hasToldAbsence = false
                return true
            } catch {
                if error.code != .dockerUnavailable { return false }
            }
        }
        return false
    }

    /// The container of that name as the engine sees it now; nil if there is none.
    func inspect(named name: String) async throws -> Container? {
        try await ask { engine throws(EngineFailure) in try await engine.container(named: name) }
    }

    /// The container of that id as the engine sees it now; nil if there is none.
    func inspect(_ id: String) async throws -> Container? {
        try await ask { engine throws(EngineFailure) in try await engine.container(id) }
    }

    /// The last lines that the container has written, without secrets, and the beginning of those
    /// that are very long.
    func logTail(_ container: String) async -> LogTail {
        guard hasAllValues else {
            return LogTail(note: "The log is not shown, because it may hold secrets.")
        }
        do throws(EngineFailure) {
            let log = try await engine.log(of: container)
            let lines = ContainerLog.merge(
                masked(log.output, isCut: log.outputIsCut),
                masked(log.errors, isCut: log.errorsAreCut),
                last: LogTail.most
            )
            return LogTail(lines.map { LogTail.shortened($0.text) })
        } catch {
            return LogTail(note: error.message)
        }
    }

    /// The lines without secrets. Each stream is masked by itself, because a secret of several lines is whole
    /// in one of them.
    private func masked(_ lines: [ContainerLog.Line], isCut: Bool) -> [ContainerLog.Line] {
        let texts = redactor.redact(lines: lines.map(\.text), lastIsCut: isCut)
        return zip(lines, texts).map { ContainerLog.Line(time: $0.time, text: $1) }
            .filter { line in line.text.contains { !$0.isWhitespace } }
    }
}

extension Result where Failure == EngineFailure {
    /// The value; throws what the failure means for the stage.
    func getOrFail() throws(StageFailure) -> Success {
        switch self {
        case .success(let value): return value
        case .failure(let failure): throw StageFailure(failure)
        }
    }
}

extension StageFailure {
    /// The engine did not do what the stage needs.
    init(_ failure: EngineFailure) {
        self.init(
            failure.code,
            failure.message,
            hint: failure.hint,
            exitCode: failure.exitCode,
            outputTail: failure.lines
        )
    }
}
