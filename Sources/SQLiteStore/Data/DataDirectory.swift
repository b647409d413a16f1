internal import Glibc
internal import Journal
internal import Sockets

/// The directory of a server's files. Other servers are locked out as long as this value lives.
struct DataDirectory: ~Copyable {
    /// The directory's path without links.
    let path: String
    private let lock: FileDescriptor

    /// The database's file.
    var database: String { path + "/journal.sqlite" }

    /// The file that reserves room for the ends of deployments.
    var reserve: String { path + "/reserve" }

    /// Creates the directory (mode 0700) if it is missing, and locks it.
    init(path: String) throws(JournalError) {
        let operation = "open the data directory"
        if unsafe mkdir(path, 0o700) != 0, errno != EEXIST {
            throw JournalError(errno: errno, of: operation, path: path)
        }
        guard let found = unsafe realpath(path, nil) else {
            throw JournalError(errno: errno, of: operation, path: path)
        }
        let real = unsafe String(cString: found)
        unsafe free(found)
        let file = real + "/lock"
        let opened = unsafe Glibc.open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard opened >= 0 else {
            throw JournalError(errno: errno, of: operation, path: file)
        }
        let descriptor = FileDescriptor(owning: opened)
        // The kernel releases the lock however this process ends.
        guard flock(descriptor.number, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            let holder = Self.holder(descriptor.number)
            guard number == EWOULDBLOCK else {
                throw JournalError(errno: number, of: operation, path: file)
            }
            let who = holder.map { "another server (process \($0))" } ?? "another server"
            throw JournalError(
                code: .inUse,
                operation: operation,
                message:
                    "\(path) is in use by \(who); stop that server, or choose another directory"
            )
        }
        lock = descriptor
        self.path = real
        let pid = Array("\(getpid())\n".utf8)
        // The process id is needed only for the message above. The lock works without it.
        _ = ftruncate(lock.number, 0)
        _ = unsafe pwrite(lock.number, pid, pid.count, 0)
    }

    deinit {
        // A child process that is just being started may have a copy of the descriptor for a
        // moment.
        flock(lock.number, LOCK_UN)
    }

    /// Creates the database's file (mode 0600) if it is missing; SQLite gives its companion files
    /// the same mode.
    borrowing func createDatabase() throws(JournalError) {
        let operation = "create the database"
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW
        let descriptor = unsafe Glibc.open(database, flags, 0o600)
        guard descriptor >= 0 else {
            throw JournalError(errno: errno, of: operation, path: database)
        }
        close(descriptor)
        let directory = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else {
            throw JournalError(errno: errno, of: operation, path: path)
        }
        defer { close(directory) }
        guard fsync(directory) == 0 else {
            throw JournalError(errno: errno, of: operation, path: path)
        }
    }

    private static func holder(_ descriptor: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = unsafe pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: bytes.prefix(count).prefix { $0 != 0x0A }, as: UTF8.self))
    }
}
