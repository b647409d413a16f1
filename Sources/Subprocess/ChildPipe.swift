import Sockets

/// A pipe, a terminal, or a process's end, on the event loop.
@EventLoop
final class ChildPipe: PollTarget {
    /// Called whenever it is ready; nil while nobody waits for it.
    var onReady: (() -> Void)?

    init(_ descriptor: consuming FileDescriptor) {
        super.init(descriptor: descriptor)
    }

    /// Its number, good until it is closed.
    var number: Int32? { descriptor?.number }

    override func ready(_ readiness: Readiness) {
        onReady?()
    }

    /// Closes it.
    func end() {
        onReady = nil
        close()
    }
}
