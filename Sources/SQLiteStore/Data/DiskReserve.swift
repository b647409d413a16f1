internal import Glibc
internal import Journal

/// A file that reserves room on the disk for the ends of deployments. It can be given up to free
/// the room.
struct DiskReserve: ~Copyable {
    /// The size is enough for the ends of as many deployments as run at once.
    static let size = 1 << 20

    private let path: String
    private var isWhole = false

    /// Creates the reserve in that file if there is room.
    init(path: String) {
        self.path = path
        // A failure is not reported here; whoever needs the room finds out.
        try? make()
    }

    /// Creates the file if it is not complete. Throws if there is no room for it.
    mutating func make() throws(JournalError) {
        guard !isWhole else { return }
        let operation = "reserve room for the ends of deployments"
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW
        let descriptor = unsafe Glibc.open(path, flags, 0o600)
        guard descriptor >= 0 else {
            throw JournalError(errno: errno, of: operation, path: path)
        }
        defer { close(descriptor) }
        let result = posix_fallocate(descriptor, 0, off_t(Self.size))
        guard result == 0 else {
            // The room that it got must be free for more urgent needs.
            _ = ftruncate(descriptor, 0)
            throw JournalError(errno: result, of: operation, path: path)
        }
        isWhole = true
    }

    /// Frees the room; returns false if that was done before.
    mutating func giveUp() -> Bool {
        guard isWhole else { return false }
        isWhole = false
        let descriptor = unsafe Glibc.open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // Some file systems free the room only once the change is on the disk.
        return ftruncate(descriptor, 0) == 0 && fsync(descriptor) == 0
    }
}
