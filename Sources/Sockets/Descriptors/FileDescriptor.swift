internal import Glibc

/// The result of one attempt to move bytes.
public enum Transfer: Equatable, Sendable {
    /// This number of bytes was moved; it is at least one.
    case bytes(Int)
    /// No byte can be moved now.
    case wouldBlock
    /// The other side has ended its direction.
    case end
    /// The connection can no longer be used; the value is the `errno`.
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
        // Linux frees the number even if `close` fails, so an error needs no handling.
        _ = close(number)
    }

    /// Sends as much of that part of the bytes as the kernel takes. If the peer has gone, the
    /// result is a failure; no signal is raised.
    public func send(_ bytes: [UInt8], _ part: Range<Int>) -> Transfer {
        unsafe bytes.withUnsafeBytes { buffer in
            unsafe send(UnsafeRawBufferPointer(rebasing: buffer[part]))
        }
    }

    /// Sends as many of the bytes as the kernel takes.
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

    /// Reads what has arrived into the beginning of the buffer.
    public func receive(into buffer: inout [UInt8]) -> Transfer {
        unsafe buffer.withUnsafeMutableBytes { unsafe receive(into: $0) }
    }

    /// Reads what has arrived into the beginning of the memory.
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
