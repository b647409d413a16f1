import Sockets
import Streams

extension CommandRunner {
    /// Passes the input's bytes on as the child takes them. It runs off the event loop, because the input
    /// may read files while the child takes the bytes before.
    @concurrent
    nonisolated func pump(_ input: any ByteSource, into child: Child) async {
        do {
            var present = try await input.next()
            while let bytes = present {
                async let following = input.next()
                guard bytes.isEmpty ? true : await write(bytes, to: child) else { return }
                present = try await following
            }
            // If the input was cut short by a cancellation, it must not look complete to the child.
            guard !Task.isCancelled else { return }
            await child.closeInput()
        } catch {
            await failInput(child, error)
        }
    }

    /// Writes the bytes and returns whether the child took all of them.
    private func write(_ bytes: [UInt8], to child: Child) async -> Bool {
        guard child.takesInput else { return false }
        return await withCheckedContinuation { continuation in
            child.pendingInput = Child.PendingInput(bytes: bytes, continuation: continuation)
            continueInput(child)
            guard child.pendingInput != nil, !child.waitForInput(in: self) else { return }
            // The bytes that the child has not taken are lost.
            failInput(child, PipeNotWaitedFor())
            child.closeInput()
            child.takePendingInput()?.resume(returning: false)
        }
    }

    /// Writes as much as the pipe takes, and continues when it takes more, unless nothing is left to write
    /// or nobody reads it.
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

/// The kernel refuses to watch a command's pipe.
public struct PipeNotWaitedFor: Error {}
