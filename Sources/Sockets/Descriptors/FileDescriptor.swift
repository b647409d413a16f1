internal import Glibc

/// What one attempt to move bytes came to.
public enum Transfer: Equatable, Sendable {
    /// This number of bytes were moved, at least one.
    case bytes(Int)
    /// Nothing can be moved now.
    case wouldBlock
    /// The other side has ended its direction.
    case end
    /// The connection is of no more use; the `errno`.
    case failed(Int32)
}

/// An open descriptor, closed when its value ends.
public struct FileDescriptor: ~Copyable, Sendable {
    /// The descriptor's number, good for as long as this value lives.
    public let number: Int32

    /// Takes over an open descriptor.
    public init(owning number: Int32) {
        self.number = number
    }

    deinit {
        // Linux frees the number whatever `close` says, so there is nothing to do about an error.
        _ = close(number)
    }

    /// Gives the number to whoever closes it from now on.
    public consuming func released() -> Int32 {
        let number = number
        discard self
        return number
    }

    /// Sends what the kernel will take of that part of the bytes; a peer that has gone is a
    /// failure, not a signal.
    public func send(_ bytes: [UInt8], _ part: Range<Int>) -> Transfer {
        unsafe bytes.withUnsafeBytes { buffer in
            unsafe send(UnsafeRawBufferPointer(rebasing: buffer[part]))
        }
    }

    /// Sends what the kernel will take of the bytes.
    public func send(_ bytes: UnsafeRawBufferPointer) -> Transfer {
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        while true {
            let count = unsafe Glibc.send(number, bytes.baseAddress, bytes.count, flags)
            if count >= 0 { return .bytes(count) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            default: return .failed(errno)
            }
        }
    }

    /// Fills the buffer's start with what has arrived.
    public func receive(into buffer: inout [UInt8]) -> Transfer {
        unsafe buffer.withUnsafeMutableBytes { unsafe receive(into: $0) }
    }

    /// Fills the memory's start with what has arrived.
    public func receive(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        while true {
            let count = unsafe recv(number, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            if count > 0 { return .bytes(count) }
            if count == 0 { return .end }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            default: return .failed(errno)
            }
        }
    }

    /// Tells the other side that nothing more will be sent.
    public func shutdownSending() {
        _ = shutdown(number, Int32(SHUT_WR))
    }
}
