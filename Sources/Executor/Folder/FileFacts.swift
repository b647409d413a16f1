import CLinux
import Glibc

/// The properties of a file or folder in the file system.
struct FileFacts: Sendable {
    enum Kind: Sendable {
        case file, folder, link
        /// A socket, a pipe or a device.
        case other
    }

    let kind: Kind
    let identity: Identity
    let size: Int64
    /// The permission bits, including set-user-id, set-group-id and sticky.
    let mode: Int
    /// The whole seconds since the epoch.
    let modified: Int64

    /// Identifies a file independently of its name.
    struct Identity: Sendable, Equatable {
        let device: UInt64
        let inode: UInt64
    }

    private init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFLNK: .link
            default: .other
            }
        identity = Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        size = max(0, Int64(status.st_size))
        mode = Int(status.st_mode & 0o7777)
        modified = Int64(status.st_mtim.tv_sec)
    }

    /// Reads the properties of an open file or folder.
    init(of descriptor: HeldDescriptor) throws(FileFault) {
        var status = stat()
        guard unsafe fstat(descriptor.number, &status) == 0 else { throw FileFault(code: errno) }
        self.init(status)
    }

    /// Reads the properties of a name in a folder; for a link, those of the link itself.
    init(of name: [UInt8], in folder: HeldDescriptor) throws(FileFault) {
        var status = stat()
        let result = unsafe Self.withText(name) { text in
            unsafe fstatat(folder.number, text, &status, AT_SYMLINK_NOFOLLOW)
        }
        guard result == 0 else { throw FileFault(code: errno) }
        self.init(status)
    }

    /// Whether the server's user may read the file.
    static func mayRead(_ name: [UInt8], in folder: HeldDescriptor) -> Bool {
        unsafe withText(name) { unsafe faccessat(folder.number, $0, R_OK, 0) } == 0
    }

    /// The target of a link, as it is written in the link.
    static func target(of name: [UInt8], in folder: HeldDescriptor) throws(FileFault) -> [UInt8] {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let size = target.count
        let count = unsafe withText(name) { unsafe readlinkat(folder.number, $0, &target, size) }
        guard count >= 0 else { throw FileFault(code: errno) }
        guard count < size else { throw FileFault(code: ENAMETOOLONG) }
        return target[..<count].map(UInt8.init(bitPattern:))
    }

    /// The names in a folder, ordered by their bytes.
    ///
    /// - Parameter limit: if there are more names, one more than this number is returned.
    static func names(
        in folder: HeldDescriptor,
        limit: Int,
        isAbandoned: () -> Bool
    ) throws(FileFault) -> [[UInt8]] {
        // `fdopendir` takes over the descriptor and closes it, so it gets its own.
        let own = fcntl(folder.number, F_DUPFD_CLOEXEC, 0)
        guard own >= 0 else { throw FileFault(code: errno) }
        guard let stream = unsafe fdopendir(own) else {
            let fault = FileFault(code: errno)
            close(own)
            throw fault
        }
        defer { unsafe closedir(stream) }
        var names: [[UInt8]] = []
        while names.count <= limit, !isAbandoned() {
            guard let text = unsafe clinux_next_name(stream) else {
                guard errno == 0 else { throw FileFault(code: errno) }
                break
            }
            let bytes = unsafe UnsafeRawBufferPointer(start: text, count: strlen(text))
            let name = unsafe [UInt8](bytes)
            if name != [0x2E], name != [0x2E, 0x2E] { names.append(name) }
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    private static func withText<Value>(
        _ bytes: [UInt8],
        _ body: (UnsafePointer<CChar>) -> Value
    ) -> Value {
        unsafe (bytes + [0]).withUnsafeBufferPointer { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { text in
                guard let start = text.baseAddress else { fatalError("an array with a zero in it") }
                return unsafe body(start)
            }
        }
    }
}
