import Dispatch
import Foundation
import Glibc
import Sockets
import Synchronization
import Threads

/// The start of one child. It has a thread of its own, because the kernel blocks it for as long as the file
/// system that holds the program does not answer.
final class Launch: Sendable {
    /// A process that runs or has run.
    struct Started: ~Copyable, Sendable {
        let pid: pid_t
        let ends: ChildDescriptors.Ends
    }

    /// No process was started; `reason` is a sentence.
    struct Failure: Error {
        var reason: String
        var isCancelled = false
        var isLate = false
    }

    private struct State: ~Copyable {
        var started: Started?
        /// Whether nobody waits for the process any more.
        var isAbandoned = false
    }

    /// If this many starts of one program hang, further starts of it wait. Two threads are kept, because
    /// Foundation needs a run loop on a thread that starts a process.
    private static let threads = {
        let threads = BlockingThreads(threadsPerKey: 4, kept: 2)
        let prepared = [DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)]
        for number in 0..<2 {
            threads.perform(for: "") {
                Process.prepareThread()
                prepared[number].signal()
                // One thread would else do both. Not for ever: there may be no thread for the other.
                _ = prepared[1 - number].wait(timeout: .now() + 1)
            }
        }
        return threads
    }()
    /// The thread on which Foundation is made to release the processes that have ended.
    private static let reaper = {
        let threads = BlockingThreads(threads: 1, kept: 1)
        threads.perform(for: "") { Process.prepareThread() }
        return threads
    }()
    private let command: Command
    private let onEnd: @Sendable (Termination) -> Void
    private let state = Mutex(State())

    /// - Parameter onEnd: called once, when the process has ended and its descendants are gone; that may be
    ///   before `run` returns. It is not called if nobody waits for the process.
    init(
        _ command: Command,
        onEnd: @escaping @Sendable (Termination) -> Void
    ) {
        self.command = command
        self.onEnd = onEnd
    }

    /// Creates the threads that starts need while there are still descriptors for their run loops.
    static func prepare() {
        _ = threads
        _ = reaper
    }

    /// Starts the process. If the task is cancelled or the time is over, it does not wait for a start that
    /// hangs; a process that is still started is killed.
    func run(within limit: Duration) async throws(Failure) -> Started {
        var failure: Failure?
        do {
            try await Self.threads.run(for: command.program, within: limit) { _ in try self.start()
            }
        } catch let error as Failure {
            throw error
        } catch is CancellationError {
            failure = Failure(reason: "it was cancelled while it was started", isCancelled: true)
        } catch {
            failure = Failure(
                reason:
                    "\(command.program) could not be started within \(limit.components.seconds) s",
                isLate: true
            )
        }
        // If it was started at the last moment, the caller gets it.
        let started = state.withLock { state in
            state.isAbandoned = true
            return state.started.take()
        }
        guard let started else { throw failure ?? Failure(reason: "the process was lost") }
        return started
    }

    private func start() throws(Failure) {
        var descriptors: ChildDescriptors
        do throws(SystemError) {
            descriptors = try ChildDescriptors(command)
        } catch {
            throw Failure(reason: "\(error.operation) failed: \(error.reason)")
        }
        let numbers = descriptors.numbers
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command.program)
        process.arguments = command.arguments
        process.environment = command.environment
        process.standardInput = FileHandle(fileDescriptor: numbers.input)
        process.standardOutput = FileHandle(fileDescriptor: numbers.output)
        process.standardError = FileHandle(fileDescriptor: numbers.errors)
        process.terminationHandler = { [onEnd] process in
            let status = process.terminationStatus
            onEnd(process.terminationReason == .exit ? .exited(status) : .signalled(status))
            // The process and its source in the run loop keep each other alive until it is waited for. That
            // takes a run loop, which this thread lacks; making one ends the program if there are no
            // descriptors.
            let ended = Ended(process: process)
            Self.reaper.perform(for: "") { ended.process.waitUntilExit() }
        }
        let failure = SignalMask.withNoneBlocked { () -> (any Error)? in
            do {
                try process.start()
                return nil
            } catch {
                return error
            }
        }
        if let failure {
            throw Failure(
                reason: "\(command.program) cannot be run: \(failure.localizedDescription)"
            )
        }
        let pid = process.processIdentifier
        if command.endsWithProgram { descriptors.endWithProgram(pid) }
        var ends = descriptors.ends.take()
        let isAwaited = state.withLock { state in
            guard !state.isAbandoned, let ends = ends.take() else { return false }
            state.started = Started(pid: pid, ends: ends)
            return true
        }
        if !isAwaited { kill(-pid, SIGKILL) }
    }
}

/// A process that has ended and that only Foundation still holds.
private struct Ended: @unchecked Sendable {
    let process: Process
}
