import Foundation
import Glibc
import Sockets
import Synchronization
import Threads

/// The start of one child, on a thread of its own: the kernel holds a start for as long as the file
/// system that holds the program does not answer.
final class Launch: Sendable {
    /// A process that runs, or has run.
    struct Started: ~Copyable, Sendable {
        let pid: pid_t
        let ends: ChildDescriptors.Ends
    }

    /// There is no process; `reason` is a sentence.
    struct Failure: Error {
        var reason: String
        var isCancelled = false
        var isLate = false
    }

    private struct State: ~Copyable {
        var started: Started?
        /// Nobody waits for it any more.
        var isAbandoned = false
    }

    /// At most this many starts of one program hang before the others wait for them. Two threads are
    /// kept, because Foundation needs a run loop on the thread that starts a process.
    private static let threads = {
        let threads = BlockingThreads(threadsPerKey: 4, kept: 2)
        for _ in 0..<2 { threads.perform(for: "") { Process.prepareThread() } }
        return threads
    }()
    /// The thread on which Foundation is made to let go of the processes that have ended.
    private static let reaper = {
        let threads = BlockingThreads(threads: 1, kept: 1)
        threads.perform(for: "") { Process.prepareThread() }
        return threads
    }()
    private let command: Command
    private let onEnd: @Sendable (Termination) -> Void
    private let state = Mutex(State())

    /// - Parameter onEnd: called once, when the process has ended and its descendants are gone; it
    ///   may be before `run` returns. Not called for one that nobody waits for.
    init(
        _ command: Command,
        onEnd: @escaping @Sendable (Termination) -> Void
    ) {
        self.command = command
        self.onEnd = onEnd
    }

    /// Makes the threads that starts need, while there are descriptors for their run loops.
    static func prepare() {
        _ = threads
        _ = reaper
    }

    /// Starts it. Where the task is cancelled, or the time is over, it does not wait for a start
    /// that hangs: what still comes of it is killed.
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
        // It may have started at the last moment, and is the caller's then.
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
            // It and its source in the run loop hold each other until it is waited for. That takes a
            // run loop, and this thread has none: to make one without descriptors ends the program.
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
        var ends = descriptors.ends.take()
        let isAwaited = state.withLock { state in
            guard !state.isAbandoned, let ends = ends.take() else { return false }
            state.started = Started(pid: pid, ends: ends)
            return true
        }
        if !isAwaited { kill(-pid, SIGKILL) }
    }
}

/// A process that has ended and that nobody but Foundation holds any more.
private struct Ended: @unchecked Sendable {
    let process: Process
}
