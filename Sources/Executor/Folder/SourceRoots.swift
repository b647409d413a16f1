import CLinux
import Glibc
import Synchronization
import Threads

/// The folders below which everything must be that may be deployed or mounted.
///
/// The path of a request is resolved once, when the request arrives. Later, files are opened below the root
/// without following a link, so that nothing outside the roots is read, even if something else has taken
/// the folder's place.
public final class SourceRoots: Sendable {
    private let threads = BlockingThreads()
    /// The paths as they were given.
    private let paths: [String]
    /// The option with which they were given.
    private let option: String
    /// The real paths of the roots that have been checked.
    private let realPaths = Mutex<[String: String]>([:])

    /// How long a caller waits for a disk.
    private static let patience = Duration.seconds(3)

    /// A root is not a readable folder.
    public struct InvalidRoot: Error {
        /// The path as it was given.
        public let path: String
    }

    /// What is wrong with a folder.
    public struct FolderFault: Error {
        /// A sentence without subject and full stop.
        public let message: String
        /// Whether the folder may be usable at another time.
        public let isTemporary: Bool

        init(_ message: String, isTemporary: Bool = false) {
            self.message = message
            self.isTemporary = isTemporary
        }
    }

    /// Roots that are not checked yet.
    ///
    /// - Parameter option: the option with which the server gets the roots, for messages.
    public init(_ paths: [String], option: String = "--scripts-root") {
        // With a slash at the end of a root, no path would count as below it.
        self.paths = paths.map { path in
            var path = path
            while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") { path.removeLast() }
            return path
        }
        self.option = option
    }

    // MARK: The roots

    /// Checks the roots and returns those whose disks do not answer; they are checked again when something
    /// below them is requested. Throws if a root is not a folder.
    @discardableResult
    public func check() async throws(InvalidRoot) -> [String] {
        let known = realPaths.withLock { $0 }
        let answers = await withTaskGroup(of: (String, RootAnswer).self) { group in
            for path in paths where known[path] == nil {
                group.addTask { [self] in (path, await ask(path)) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        var silent: [String] = []
        for path in paths {
            switch answers[path] {
            case .folder(let real): realPaths.withLock { $0[path] = real }
            case .none?: throw InvalidRoot(path: path)
            case .silence: silent.append(path)
            case nil: break
            }
        }
        return silent
    }

    private enum RootAnswer {
        case folder(String)
        case none
        case silence
    }

    private func ask(_ path: String) async -> RootAnswer {
        do {
            let real = try await Disk(of: path, threads: threads).run(within: Self.patience) { _ in
                Self.realPath(path).flatMap { Self.isFolder($0) ? $0 : nil }
            }
            return real.map { .folder($0) } ?? .none
        } catch {
            return .silence
        }
    }

    /// The nearest root above a real path; nil if there is none.
    private func root(above real: String) -> String? {
        let roots = realPaths.withLock { Array($0.values) }
        return roots.filter { Self.isBelow(real, $0) }.max { $0.utf8.count < $1.utf8.count }
    }

    /// Whether a path may be below a root whose disk has not answered.
    private func mayLieBelowSilent(_ path: String) -> Bool {
        let known = realPaths.withLock { $0 }
        return paths.contains { known[$0] == nil && Self.isBelow(path, $0) }
    }

    private static func isBelow(_ real: String, _ root: String) -> Bool {
        real == root || root == "/" || real.utf8.starts(with: (root + "/").utf8)
    }

    /// Checks roots again that have not answered.
    private func checkAgain() async {
        guard realPaths.withLock({ $0.count }) < Set(paths).count else { return }
        // If a root no longer exists, nothing is below it.
        _ = try? await check()
    }

    // MARK: A request's folder

    /// The real path of a folder below a root; throws if there is no such folder.
    public func resolve(_ folder: String) async throws(FolderFault) -> String {
        let place = try await place(of: folder)
        guard place.isFolder else { throw FolderFault("is not a folder") }
        return place.real
    }

    /// The real path of a folder or file below a root.
    ///
    /// - Parameter isLocal: whether it is on this machine. On another machine it cannot be checked, so the
    ///   path as it is written must be below a root.
    public func locate(_ path: String, isLocal: Bool) async throws(FolderFault) -> String {
        guard isLocal else {
            guard paths.contains(where: { Self.isBelow(path, $0) }) else { throw outside }
            return path
        }
        return try await place(of: path).real
    }

    /// The fault of a path outside the roots, which does not say whether the path exists.
    private var outside: FolderFault {
        option == "--scripts-root"
            ? FolderFault("lies outside the scripts roots of this server; --scripts-root adds one")
            : FolderFault(
                "is not below a folder that this server allows to be mounted; \(option) adds one"
            )
    }

    /// The place to which a path leads; throws if it is not below a root.
    private func place(of folder: String) async throws(FolderFault) -> Place {
        guard folder.hasPrefix("/") else { throw FolderFault("must be an absolute path") }
        guard folder.utf8.count < 4096 else {
            throw FolderFault("must not be longer than 4,095 bytes")
        }
        await checkAgain()
        let silence = FolderFault(
            "cannot be checked now: its disk does not answer",
            isTemporary: true
        )
        let place: Place
        do {
            place = try await Disk(of: folder, threads: threads).run(within: Self.patience) {
                try Place(of: folder, $0)
            }
        } catch {
            throw silence
        }
        guard root(above: place.real) != nil else {
            if mayLieBelowSilent(folder) { throw silence }
            throw outside
        }
        guard place.isThere else {
            throw FolderFault(
                option == "--scripts-root" ? "no such folder" : "no such folder or file"
            )
        }
        return place
    }

    /// The place to which a path leads.
    private struct Place {
        /// The real path or, if the path does not exist, that of the nearest folder above it.
        var real: String
        var isThere = true
        var isFolder = false

        init(of path: String, _ abandonment: BlockingThreads.Abandonment) throws {
            if let real = realPath(path) {
                self.real = real
                isFolder = SourceRoots.isFolder(real)
                return
            }
            real = "/"
            isThere = false
            var rest = path.utf8[...]
            while let slash = rest.lastIndex(of: UInt8(ascii: "/")), slash > rest.startIndex {
                guard !abandonment.isAbandoned else { throw CancellationError() }
                rest = rest[..<slash]
                guard let found = realPath(String(decoding: rest, as: UTF8.self)) else { continue }
                real = found
                return
            }
        }
    }

    private static func realPath(_ path: String) -> String? {
        guard !path.utf8.contains(0), let real = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(real) }
        // A path that is not valid text could not be stored with the request.
        return unsafe String(validatingCString: real)
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    // MARK: Opening

    /// Opens a folder by its real path, without following a link: first the root above it, then the folder
    /// below the root.
    ///
    /// - Parameter limit: how long to wait for the disk.
    func open(
        _ real: String,
        within limit: Duration
    ) async throws(SourceFolder.Unreadable) -> HeldDescriptor {
        await checkAgain()
        guard let root = root(above: real) else {
            if Task.isCancelled {
                throw SourceFolder.Unreadable(path: real, CancellationError(), limit)
            }
            if mayLieBelowSilent(real) {
                throw SourceFolder.Unreadable(
                    path: real,
                    BlockingThreads.Failure.timedOut,
                    Self.patience
                )
            }
            throw SourceFolder.Unreadable(
                path: real,
                reason: "it lies outside the scripts roots of this server"
            )
        }
        let slash = UInt8(ascii: "/")
        let below = Array(real.utf8.dropFirst(root.utf8.count).drop { $0 == slash })
        let disk = Disk(of: real, threads: threads)
        do {
            return try await disk.run(within: limit) { _ in
                let way = O_DIRECTORY | HeldDescriptor.pathOnly
                let top = try HeldDescriptor.top(disk)
                defer { top.close() }
                let held = try top.open(Array(root.utf8.dropFirst()), way)
                defer { held.close() }
                return try held.open(below, way)
            }
        } catch {
            throw SourceFolder.Unreadable(path: real, error, limit)
        }
    }
}

extension SourceFolder.Unreadable {
    /// The reason when a call on a disk has failed with an error.
    init(path: String, _ error: any Error, _ limit: Duration) {
        switch error {
        case let error as SourceFolder.Unreadable: self = error
        case let error as FileFault: self.init(path: path, reason: error.reason)
        case is CancellationError: self.init(path: path, reason: "cancelled")
        default:
            self.init(
                path: path,
                reason: "its disk has not answered for \(limit.components.seconds) s"
            )
            isStalled = true
        }
    }
}
