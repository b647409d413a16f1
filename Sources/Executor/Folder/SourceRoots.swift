import CLinux
import Glibc
import Synchronization
import Threads

/// The folders below which everything lies that may be deployed, or mounted.
///
/// A request's path is resolved once, when the request comes. What is read later is opened below
/// the root, without following a link: whatever has taken the folder's place since, nothing from
/// outside of the roots is read.
public final class SourceRoots: Sendable {
    private let threads = BlockingThreads()
    /// As they were given.
    private let paths: [String]
    /// The option by which they were given.
    private let option: String
    /// The real path of each root that has been looked at.
    private let realPaths = Mutex<[String: String]>([:])

    /// How long a caller waits for a disk.
    private static let patience = Duration.seconds(3)

    /// A root that is no readable folder.
    public struct InvalidRoot: Error {
        /// As it was given.
        public let path: String
    }

    /// What is wrong with a folder.
    public struct FolderFault: Error {
        /// A sentence without subject and full stop.
        public let message: String
        /// Whether it may be another time.
        public let isTemporary: Bool

        init(_ message: String, isTemporary: Bool = false) {
            self.message = message
            self.isTemporary = isTemporary
        }
    }

    /// Roots that are not looked at yet.
    ///
    /// - Parameter option: by which the server is given them, for messages.
    public init(_ paths: [String], option: String = "--scripts-root") {
        // With a slash at its end nothing would lie below it as it is written.
        self.paths = paths.map { path in
            var path = path
            while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") { path.removeLast() }
            return path
        }
        self.option = option
    }

    // MARK: The roots

    /// Looks at the roots; throws if one is no folder. Gives those whose disk does not answer: they
    /// are looked at again when something below them is asked for.
    @discardableResult
    public func look() async throws(InvalidRoot) -> [String] {
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

    /// Whether a path may lie below a root whose disk has not answered.
    private func mayLieBelowSilent(_ path: String) -> Bool {
        let known = realPaths.withLock { $0 }
        return paths.contains { known[$0] == nil && Self.isBelow(path, $0) }
    }

    private static func isBelow(_ real: String, _ root: String) -> Bool {
        real == root || root == "/" || real.utf8.starts(with: (root + "/").utf8)
    }

    /// Looks again at roots that have not answered, if one of them could be the one above.
    private func lookAgain() async {
        guard realPaths.withLock({ $0.count }) < Set(paths).count else { return }
        // One that is gone by now has nothing below it.
        _ = try? await look()
    }

    // MARK: A request's folder

    /// The folder's real path, where it is a folder below a root.
    public func resolve(_ folder: String) async throws(FolderFault) -> String {
        let place = try await place(of: folder)
        guard place.isFolder else { throw FolderFault("is not a folder") }
        return place.real
    }

    /// The real path of a folder or file below a root.
    ///
    /// - Parameter isLocal: whether it lies on this machine; elsewhere nobody can look, and the path must
    ///   lie below a root as it is written.
    public func locate(_ path: String, isLocal: Bool) async throws(FolderFault) -> String {
        guard isLocal else {
            guard paths.contains(where: { Self.isBelow(path, $0) }) else { throw outside }
            return path
        }
        return try await place(of: path).real
    }

    /// Whether it exists elsewhere is nobody's business.
    private var outside: FolderFault {
        option == "--scripts-root"
            ? FolderFault("lies outside the scripts roots of this server; --scripts-root adds one")
            : FolderFault(
                "lies below no folder that this server lets be mounted; \(option) adds one"
            )
    }

    /// Where a path below a root leads.
    private func place(of folder: String) async throws(FolderFault) -> Place {
        guard folder.hasPrefix("/") else { throw FolderFault("must be an absolute path") }
        guard folder.utf8.count < 4096 else {
            throw FolderFault("must not be longer than 4,095 bytes")
        }
        await lookAgain()
        let silence = FolderFault(
            "cannot be looked at now: its disk does not answer",
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

    /// Where a path leads.
    private struct Place {
        /// The real path of what it names, or of the nearest folder above that is there.
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
        // One that is no text could not be kept with the request.
        return unsafe String(validatingCString: real)
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    // MARK: Opening

    /// Opens a folder by its real path: the root above it, then the folder below that, without
    /// following a link.
    ///
    /// - Parameter limit: how long the disk is waited for.
    func open(
        _ real: String,
        within limit: Duration
    ) async throws(SourceFolder.Unreadable) -> HeldDescriptor {
        await lookAgain()
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
    /// What a call on a disk ended with.
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
