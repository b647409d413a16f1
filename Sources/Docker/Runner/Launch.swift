import Foundation
import Glibc
import Synchronization
import Threads

/// The start of one child, on a thread of its own: the kernel holds a start for as long as the file
/// system that holds the program does not answer.
final class Launch: Sendable {
    /// A process that runs, or has run.
    struct Started {
        var pid: pid_t
        var descriptors: ChildDescriptors
    }

    /// There is no process; `reason` is a sentence.
    struct Failure: Error {
        var reason: String
        var isCancelled = false
        var isLate = false
    }

    private enum Phase {
        case starting
        case started(Started)
        /// Nobody waits for it any more.
        case abandoned
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
    private let executable: String
    private let environment: [String: String]
    private let command: DockerCommand
    private let onEnd: @Sendable (Termination) -> Void
    private let phase = Mutex(Phase.starting)

    /// - Parameter onEnd: called once, when the process has ended and its descendants are gone; it
    ///   may be before `run` returns. Not called for one that nobody waits for.
    init(
        _ executable: String,
        _ command: DockerCommand,
        environment: [String: String],
        onEnd: @escaping @Sendable (Termination) -> Void
    ) {
        self.executable = executable
        self.command = command
        self.environment = environment
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
            try await Self.threads.run(for: executable, within: limit) { _ in try self.start() }
        } catch let error as Failure {
            throw error
        } catch is CancellationError {
            failure = Failure(reason: "it was cancelled while it was started", isCancelled: true)
        } catch {
            failure = Failure(
                reason: "\(executable) could not be started within \(limit.components.seconds) s",
                isLate: true
            )
        }
        // It may have started at the last moment, and is the caller's then.
        let started: Started? = phase.withLock { phase in
            guard case .started(let started) = phase else {
                phase = .abandoned
                return nil
            }
            return started
        }
        guard let started else { throw failure ?? Failure(reason: "the process was lost") }
        return started
    }

    private func start() throws(Failure) {
        var descriptors: ChildDescriptors
        do throws(ChildDescriptors.Refused) {
            descriptors = try ChildDescriptors(command)
        } catch {
            let reason = unsafe String(cString: strerror(error.code))
            throw Failure(reason: "\(error.call) failed: \(reason)")
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = command.arguments
        process.environment = environment
        process.standardInput = FileHandle(fileDescriptor: descriptors.childInput)
        process.standardOutput = FileHandle(fileDescriptor: descriptors.childOutput)
        process.standardError = FileHandle(fileDescriptor: descriptors.childErrors)
        process.terminationHandler = { [onEnd] process in
            let status = process.terminationStatus
            onEnd(process.terminationReason == .exit ? .exited(status) : .signalled(status))
            // It and its source in the run loop hold each other until it is waited for. That takes a
            // run loop, and this thread has none: to make one without descriptors ends the program.
            let ended = Ended(process: process)
            Self.reaper.perform(for: "") { ended.process.waitUntilExit() }
        }
        let failure = CommandThread.withSignalsUnblocked { () -> (any Error)? in
            do {
                try process.start()
                return nil
            } catch {
                return error
            }
        }
        descriptors.closeChildEnds()
        if let failure {
            descriptors.closeAll()
            throw Failure(reason: "\(executable) cannot be run: \(failure.localizedDescription)")
        }
        let started = Started(pid: process.processIdentifier, descriptors: descriptors)
        let isAwaited = phase.withLock { phase in
            guard case .starting = phase else { return false }
            phase = .started(started)
            return true
        }
        guard !isAwaited else { return }
        kill(-started.pid, SIGKILL)
        descriptors.closeAll()
    }
}

/// A process that has ended and that nobody but Foundation holds any more.
private struct Ended: @unchecked Sendable {
    let process: Process
}
