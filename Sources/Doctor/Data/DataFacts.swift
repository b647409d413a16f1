internal import Deployments
internal import Foundation
internal import Glibc
internal import Journal
internal import SQLiteStore

/// The data directory.
struct DataFacts: Sendable {
    var path: String
    var state: State
    /// The process of the server that uses the directory; nil if there is none.
    var holder: Int32?
    var disk: DiskFacts?
    var database: Result<DatabaseInspection?, JournalError>?

    /// What is at the path.
    enum State: Sendable, Hashable {
        /// The directory can be used. Its mode has these permission bits.
        case usable(mode: UInt32)
        /// There is nothing. The server will make the directory.
        case missing
        /// There is nothing, and the directory cannot be made in this folder.
        case unmakeable(folder: String, errno: Int32)
        /// This file or folder cannot be used.
        case unusable(path: String, errno: Int32)
    }

    /// The findings about the directory and the database in it.
    func findings(for user: UserFacts) -> [Finding] {
        [directory(user), databaseFinding].compactMap(\.self)
    }

    private func directory(_ user: UserFacts) -> Finding {
        switch state {
        case .missing:
            return withRoom("\(path) will be made at the first start.")
        case .unmakeable(let folder, let number):
            return .wrong(
                .data,
                "\(path) is not there, and cannot be made in \(folder):"
                    + " \(FolderAccess.words(number)).",
                "Make it and give it to \(user.name), or name another with --data."
            )
        case .unusable(let place, let number):
            let advice =
                switch number {
                case EROFS: "Mount it for writing, or name another directory with --data."
                case EACCES, EPERM:
                    "As root: chown -R \(user.name) \(path); or name another with --data."
                default: "Name another directory with --data."
                }
            return .wrong(
                .data,
                "\(place) cannot be used: \(FolderAccess.words(number)).",
                advice
            )
        case .usable(let mode):
            let held = holder.map { "; a server has it (process \($0))" } ?? ""
            let finding = withRoom("\(path)\(held).")
            guard finding.verdict == .ok, mode & 0o077 != 0 else { return finding }
            return .warning(
                .data,
                "\(path) is open to others (mode \(String(mode, radix: 8)))\(held).",
                "chmod 700 \(path)"
            )
        }
    }

    private func withRoom(_ message: String) -> Finding {
        guard let disk else { return .ok(.data, message) }
        let start = message.dropLast()
        switch disk.verdict(.data) {
        case .ok: return .ok(.data, "\(start), \(disk.words).")
        case .warning:
            return .warning(
                .data,
                "\(start), only \(disk.words).",
                "Make room on that file system."
            )
        case .wrong:
            return .wrong(
                .data,
                "\(start), only \(disk.words).",
                "Make room on that file system: without it nothing can be deployed."
            )
        }
    }

    private var databaseFinding: Finding? {
        switch database {
        case nil: return nil
        case .failure(let error):
            return .wrong(
                .database,
                Finding.sentence(error.description),
                error.code == .corrupt ? nil : "See that it can be read by the server's user."
            )
        case .success(nil):
            return .ok(.database, "There is none yet; the first start makes it.")
        case .success(.some(let database)):
            let size = byteText(Int64(database.bytes))
            let layout = database.isOlder ? "; the next start brings its layout up to date" : ""
            return .ok(
                .database,
                "Undamaged, \(database.deployments) deployments in \(size)\(layout)."
            )
        }
    }

    /// The directory as it is now.
    static func gather(_ path: String) -> DataFacts {
        var facts = DataFacts(path: path, state: .missing)
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            let number = errno
            guard number == ENOENT else {
                facts.state = .unusable(path: path, errno: number)
                return facts
            }
            let folder = nearestFolder(above: path)
            if let number = FolderAccess.fault(folder, [.write, .enter]) {
                facts.state = .unmakeable(folder: folder, errno: number)
            }
            facts.disk = DiskFacts.gather(folder)
            return facts
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            facts.state = .unusable(path: path, errno: ENOTDIR)
            return facts
        }
        if let number = FolderAccess.fault(path, [.read, .write, .enter]) {
            facts.state = .unusable(path: path, errno: number)
        } else {
            facts.state = .usable(mode: UInt32(status.st_mode) & 0o777)
            for name in files {
                guard let number = FolderAccess.fault("\(path)/\(name)", [.read, .write]),
                    number != ENOENT
                else { continue }
                facts.state = .unusable(path: "\(path)/\(name)", errno: number)
                break
            }
        }
        facts.disk = DiskFacts.gather(path)
        facts.holder = lockHolder(path)
        if FolderAccess.fault(path, [.read, .enter]) == nil {
            do throws(JournalError) {
                facts.database = .success(try DatabaseInspection.at(directory: path))
            } catch {
                facts.database = .failure(error)
            }
        }
        return facts
    }

    /// The files and folders that a server writes to.
    private static let files = [
        "lock", "journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm", "reserve", "private",
    ]

    private static func nearestFolder(above path: String) -> String {
        var folder = (path as NSString).deletingLastPathComponent
        while folder.count > 1, FolderAccess.fault(folder, []) == ENOENT {
            folder = (folder as NSString).deletingLastPathComponent
        }
        return folder
    }

    private static func lockHolder(_ path: String) -> Int32? {
        var status = stat()
        guard unsafe stat("\(path)/lock", &status) == 0 else { return nil }
        return LockTable.holder(
            in: LockTable.text(),
            device: UInt64(status.st_dev),
            inode: UInt64(status.st_ino)
        )
    }
}
