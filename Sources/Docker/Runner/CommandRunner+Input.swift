import CLinux
import Engine
import Glibc

extension CommandRunner {
    /// Hands the input's bytes over as the child takes them. Off the runner's thread: the input
    /// may read files.
    @concurrent
    nonisolated func pump(_ input: any ByteSource, into id: UInt64) async {
        do {
            while let bytes = try await input.next() {
                guard bytes.isEmpty ? true : await write(bytes, to: id) else { return }
            }
            // What a cancellation has cut short must not look complete to the child.
            guard !Task.isCancelled else { return }
            await closeInput(id)
        } catch {
            await failInput(id, error)
        }
    }

    /// Gives whether the child took all the bytes.
    private func write(_ bytes: [UInt8], to id: UInt64) async -> Bool {
        guard let child = children[id], child.descriptors.input >= 0 else { return false }
        return await withCheckedContinuation { continuation in
            child.pendingInput = Child.PendingInput(bytes: bytes, continuation: continuation)
            if !continueInput(child) { waitForInput(of: child) }
        }
    }

    /// Has it reported when the child's pipe takes more. What it has not taken is lost if it cannot be.
    func waitForInput(of child: Child) {
        let (descriptor, events) = (child.descriptors.input, EPOLLOUT.rawValue)
        guard !thread.add(descriptor, events: events, token: child.token(.input)) else { return }
        let continuation = child.pendingInput?.continuation
        child.pendingInput = nil
        failInput(child.id, PipeNotWaitedFor())
        closeInput(child.id)
        continuation?.resume(returning: false)
    }

    /// Writes what the pipe takes. True when there is nothing left to write, or nobody to read it.
    func continueInput(_ child: Child) -> Bool {
        guard let isTaken = child.writeInput() else { return false }
        let continuation = child.pendingInput?.continuation
        child.pendingInput = nil
        if !isTaken { closeInput(child.id) }
        continuation?.resume(returning: isTaken)
        return true
    }

    func closeInput(_ id: UInt64) {
        guard let child = children[id], child.descriptors.input >= 0 else { return }
        close(child.descriptors.input)
        child.descriptors.input = -1
    }

    private func failInput(_ id: UInt64, _ error: any Error) {
        guard let child = children[id], child.termination == nil, !child.isCancelled else { return }
        child.inputFailure = error
        end(child)
    }
}

/// The kernel refuses to report a command's pipe.
struct PipeNotWaitedFor: Error {}
