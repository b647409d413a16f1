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

    /// So many starts of one program may hang before the others wait for them.
    private static let threads = BlockingThreads(threadsPerKey: 4)
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
            // It has ended and is not waited for: only so does Foundation let go of it. It and its
            // source in the run loop would otherwise hold each other for ever.
            process.waitUntilExit()
            let status = process.terminationStatus
            onEnd(process.terminationReason == .exit ? .exited(status) : .signalled(status))
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
