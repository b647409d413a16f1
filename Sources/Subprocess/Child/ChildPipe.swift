import Sockets

/// The runner's end of a pipe or terminal, or the descriptor of a process, on the event loop.
@EventLoop
final class ChildPipe: PollTarget {
    /// Called whenever the descriptor is ready; nil while nobody waits for it.
    var onReady: (() -> Void)?

    init(_ descriptor: consuming FileDescriptor) {
        super.init(descriptor: descriptor)
    }

    /// The descriptor's number, valid until it is closed; nil after that.
    var number: Int32? { descriptor?.number }

    override func ready(_ readiness: PollEvents) {
        onReady?()
    }

    /// Closes the descriptor.
    func end() {
        onReady = nil
        close()
    }
}
