internal import Glibc

/// The kernel's table of file locks, `/proc/locks` (proc_locks(5)).
///
/// It shows who has locked a file. Trying the lock would keep out a server that starts at that moment.
enum LockTable {
    /// The table as it is now; empty if it cannot be read.
    ///
    /// The kernel gives at most a page at a time, which Foundation would take for the end.
    static func text() -> String {
        let table = unsafe open("/proc/locks", O_RDONLY | O_CLOEXEC)
        guard table >= 0 else { return "" }
        defer { close(table) }
        var bytes: [UInt8] = []
        while true {
            var count = 0
            bytes += unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, used in
                count = unsafe read(table, buffer.baseAddress, buffer.count)
                used = max(0, count)
            }
            if count == 0 || count < 0 && errno != EINTR { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The process that has locked a file by `flock`, according to the text of the table.
    static func holder(in table: String, device: UInt64, inode: UInt64) -> Int32? {
        // 1: FLOCK  ADVISORY  WRITE 708 fd:01:131 0 EOF
        for line in table.split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            guard words.count >= 6, words[1] == "FLOCK", words[3] == "WRITE",
                let holder = Int32(words[4]), holder > 0
            else { continue }
            let parts = words[5].split(separator: ":")
            guard parts.count == 3, let major = UInt64(parts[0], radix: 16),
                let minor = UInt64(parts[1], radix: 16), UInt64(parts[2]) == inode,
                (major, minor) == numbers(of: device)
            else { continue }
            return holder
        }
        return nil
    }

    /// The major and minor number of a device, as the C library combines them.
    static func numbers(of device: UInt64) -> (major: UInt64, minor: UInt64) {
        (
            (device >> 8) & 0xFFF | (device >> 32) & ~0xFFF,
            device & 0xFF | (device >> 12) & 0xFFFF_FF00
        )
    }
}
