import Sockets
import Streams

extension CommandRunner {
    /// Hands the input's bytes over as the child takes them. Off the event loop: the input may read
    /// files, and does so while the child takes those before.
    @concurrent
    nonisolated func pump(_ input: any ByteSource, into child: Child) async {
        do {
            var present = try await input.next()
            while let bytes = present {
                async let following = input.next()
                guard bytes.isEmpty ? true : await write(bytes, to: child) else { return }
                present = try await following
            }
            // What a cancellation has cut short must not look complete to the child.
            guard !Task.isCancelled else { return }
            await child.closeInput()
        } catch {
            await failInput(child, error)
        }
    }

    /// Gives whether the child took all the bytes.
    private func write(_ bytes: [UInt8], to child: Child) async -> Bool {
        guard child.takesInput else { return false }
        return await withCheckedContinuation { continuation in
            child.pendingInput = Child.PendingInput(bytes: bytes, continuation: continuation)
            continueInput(child)
            guard child.pendingInput != nil, !child.waitForInput(in: self) else { return }
            // What it has not taken is lost.
            failInput(child, PipeNotWaitedFor())
            child.closeInput()
            child.takePendingInput()?.resume(returning: false)
        }
    }

    /// Writes what the pipe takes. Goes on when it takes more, unless there is nothing left to write or
    /// nobody to read it.
    func continueInput(_ child: Child) {
        guard let isTaken = child.writeInput() else { return }
        let continuation = child.takePendingInput()
        if isTaken { child.restInput() } else { child.closeInput() }
        continuation?.resume(returning: isTaken)
    }

    private func failInput(_ child: Child, _ error: any Error) {
        guard child.outcome == nil, child.termination == nil, !child.isCancelled else { return }
        child.inputFailure = error
        end(child)
    }
}

/// The kernel refuses to report a command's pipe.
public struct PipeNotWaitedFor: Error {}
