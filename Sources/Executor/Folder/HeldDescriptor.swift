import CLinux
import Glibc
import Synchronization

/// An open folder or file. It is closed with the last reference to it, on a thread that may block, because
/// some file systems do something before a file is closed.
final class HeldDescriptor: Sendable {
    let number: Int32
    let disk: Disk
    private let isOpen = Atomic(true)

    /// With this flag a folder can be examined, and files below it opened, without the right to read it.
    static let pathOnly = clinux_path_only

    /// The links that may be followed on the way to the file.
    enum Links: Sendable {
        case none
        /// Links that stay below the folder. Before Linux 5.6 no links are followed.
        case within
    }

    private init(owning number: Int32, disk: Disk) {
        self.number = number
        self.disk = disk
    }

    /// Opens the root folder of the file system.
    static func top(_ disk: Disk) throws(FileFault) -> HeldDescriptor {
        let flags = O_DIRECTORY | O_CLOEXEC | pathOnly
        return HeldDescriptor(owning: try Self.opened { unsafe Glibc.open("/", flags) }, disk: disk)
    }

    /// Opens a file of the server; links are followed.
    static func file(_ path: String, _ disk: Disk) throws(FileFault) -> HeldDescriptor {
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK
        return HeldDescriptor(
            owning: try Self.opened { unsafe Glibc.open(path, flags) },
            disk: disk
        )
    }

    /// Opens what is below this folder, and nothing elsewhere. It never waits for the writer of a pipe, or
    /// for a device.
    ///
    /// - Parameter path: the relative path without `..`; empty for the folder itself.
    func open(
        _ path: [UInt8],
        _ flags: Int32,
        links: Links = .none,
        disk: Disk? = nil
    ) throws(FileFault) -> HeldDescriptor {
        // These flags are needed, and allowed, only if the file is opened for reading.
        let safe = flags & Self.pathOnly == 0 ? O_NONBLOCK | O_NOCTTY : 0
        let flags = flags | O_CLOEXEC | safe | (links == .none ? O_NOFOLLOW : 0)
        let resolve =
            clinux_resolve_beneath | clinux_resolve_no_magic_links
            | (links == .none ? clinux_resolve_no_links : 0)
        let text = (path.isEmpty ? [UInt8(ascii: ".")] : path) + [0]
        let disk = disk ?? self.disk
        do throws(FileFault) {
            let opened = try Self.opened {
                unsafe text.withUnsafeBufferPointer { text in
                    unsafe text.withMemoryRebound(to: CChar.self) {
                        unsafe clinux_open_below(number, $0.baseAddress, flags, resolve)
                    }
                }
            }
            return HeldDescriptor(owning: opened, disk: disk)
        } catch {
            // An old kernel does not know the call, and a filter that does not know it may block it.
            guard error.code == ENOSYS || error.code == EPERM else { throw error }
            return try openByParts(path, flags | O_NOFOLLOW, disk)
        }
    }

    /// Does the same with one call per component of the path.
    func openByParts(
        _ path: [UInt8],
        _ flags: Int32,
        _ disk: Disk
    ) throws(FileFault) -> HeldDescriptor {
        let parts = path.isEmpty ? [[UInt8(ascii: ".")]] : path.split(separator: UInt8(ascii: "/"))
        var folder = self
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            let way = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | Self.pathOnly
            let text = part + [0]
            let above = folder.number
            let opened = try Self.opened {
                unsafe text.withUnsafeBufferPointer { text in
                    unsafe text.withMemoryRebound(to: CChar.self) { text in
                        guard let start = text.baseAddress else { return -1 }
                        return unsafe openat(above, start, isLast ? flags : way)
                    }
                }
            }
            folder = HeldDescriptor(owning: opened, disk: disk)
        }
        return folder
    }

    /// Repeats a call that a signal has interrupted.
    private static func opened(_ call: () -> Int32) throws(FileFault) -> Int32 {
        while true {
            let number = call()
            if number >= 0 { return number }
            guard errno == EINTR else { throw FileFault(code: errno) }
        }
    }

    /// Closes it now, on the calling thread. Nothing may use it afterwards.
    func close() {
        guard isOpen.exchange(false, ordering: .relaxed) else { return }
        // Linux releases the number even if the call fails.
        _ = Glibc.close(number)
    }

    deinit {
        guard isOpen.load(ordering: .relaxed) else { return }
        let number = number
        disk.perform { _ = Glibc.close(number) }
    }
}

/// A call on a file has failed.
struct FileFault: Error, Equatable {
    /// The value of `errno`.
    let code: Int32

    /// What the error means, for the owner of the file.
    var reason: String {
        switch code {
        case ENOENT: "it is gone"
        case EACCES, EPERM: "permission to read it is missing"
        case ELOOP: "a link has taken its place"
        case EXDEV: "it leads out of the folder"
        case ENOTDIR: "a link or a file has taken the place of a folder"
        case ENAMETOOLONG: "its path is too long"
        case ENXIO: "it is a socket or a device"
        default: unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
        }
    }
}
