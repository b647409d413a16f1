public import Deployments
import Foundation
import Glibc
import Numbers
public import Streams
import Subprocess
import Synchronization
import Threads

/// The archives that were sent to the server, each kept once per tenant under the SHA-256 of its bytes. An
/// archive is removed when it was not used for a day.
public actor ArchiveStore {
    /// How large archives may be, and how many may be kept.
    public struct Limits: Sendable {
        /// The bytes of one archive as it is sent.
        public var archiveBytes = 1 << 30
        /// The number of files, folders and links in one archive.
        public var archiveFiles = 200_000
        /// The bytes of all archives together.
        public var allBytes = 20 << 30
        /// How long an archive is kept after its last use.
        public var age = Duration.seconds(24 * 3600)
        /// The number of archives of one tenant.
        public var archives = 10_000
        /// The number of uploads that all tenants may have at once. If there are as many, a tenant without
        /// an upload may still have one.
        public var uploads = 8
        /// How many times the size of a packed archive its files may have.
        static let expansion: Int64 = 200
        /// The size that the files of a packed archive may always have.
        static let leastContent: Int64 = 1 << 20

        /// The limits of a server without options.
        public init() {}
    }

    /// An archive in the store.
    public struct Stored: Sendable, Equatable {
        /// The SHA-256 of the archive in 64 hexadecimal digits.
        public let id: String
        /// The number of bytes as it was sent.
        public let bytes: Int64
        /// The number of files and links in it.
        public let files: Int
        /// When it was sent, or last deployed.
        public var usedAt: Timestamp

        /// The approximate number of bytes that it takes on the disk.
        var room: Int64 { max(bytes, 4_096) }

        /// The JSON of the archive in answers; `age` is how long it is kept after its last use.
        public func json(keptFor age: Duration) -> JSONValue {
            [
                "id": .string(DeploymentSource.archivePrefix + id),
                "bytes": .integer(bytes),
                "files": .integer(files),
                "used_at": .string(usedAt.text),
                "expires_at": .string(usedAt.advanced(by: age).text),
            ]
        }
    }

    /// Why an archive was not accepted.
    public enum Refusal: Error {
        /// It is not an archive, or contains something that is not allowed; the text is a sentence.
        case refused(String)
        /// There are too many uploads already.
        case busy
        /// There is no room for it.
        case full
        /// The client has gone, or has already been answered.
        case brokenOff
        /// The server could not read or write it; the text is a sentence.
        case failed(String)
    }

    private struct Key: Hashable {
        let tenant: String
        let id: String
    }

    /// The limits of archives and of the store.
    public nonisolated let limits: Limits
    private let folder: String
    private let programs: ArchivePrograms
    private let stall: Duration
    private let now: @Sendable () -> Timestamp
    private let threads: BlockingThreads
    private var digest: (any StreamDigest)?
    private let disk: Disk
    private var archives: [Key: (archive: Stored, file: ArchiveFile)] = [:]
    private var uploads: TenantShares
    /// The number of bytes that the uploads under way have reserved.
    private var incoming: Int64 = 0
    private var number = 0

    /// A store that has not read its folder yet.
    public init(
        folder: String,
        programs: ArchivePrograms,
        limits: Limits = Limits(),
        stall: Duration = .seconds(120),
        now: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) {
        self.folder = folder
        self.programs = programs
        self.limits = limits
        self.stall = stall
        self.now = now
        let threads = BlockingThreads(threads: 16)
        self.threads = threads
        disk = Disk(of: folder, threads: threads)
        uploads = TenantShares(most: limits.uploads, share: 1)
    }

    // MARK: Finding

    /// The archive with that id, which counts as used now; nil if the tenant has none.
    public func use(_ id: String, of tenant: String) -> Stored? {
        guard var found = archives[Key(tenant: tenant, id: id)] else { return nil }
        found.archive.usedAt = now()
        archives[Key(tenant: tenant, id: id)] = found
        let path = found.file.path
        // The next start reads the time of the last use from the file.
        disk.perform { unsafe _ = utimensat(AT_FDCWD, path, nil, 0) }
        return found.archive
    }

    /// The archive with that id, without changing the time of its last use; nil if the tenant has none.
    public func find(_ id: String, of tenant: String) -> Stored? {
        archives[Key(tenant: tenant, id: id)]?.archive
    }

    /// The archives of a tenant, the last used first.
    public func list(of tenant: String) -> [Stored] {
        archives.filter { $0.key.tenant == tenant }.map(\.value.archive)
            .sorted { ($1.usedAt, $1.id) < ($0.usedAt, $0.id) }
    }

    /// The file of an archive; nil if the tenant has none.
    func file(of id: String, tenant: String) -> ArchiveFile? {
        guard use(id, of: tenant) != nil else { return nil }
        return archives[Key(tenant: tenant, id: id)]?.file
    }

    /// The limits for the content of the archive with that id.
    func limits(of id: String, tenant: String) -> TarReader.Limits {
        guard let found = archives[Key(tenant: tenant, id: id)] else { return TarReader.Limits() }
        return readerLimits(found.file.packing, found.archive.bytes)
    }

    /// The limits for the content of an archive, depending on its packed size.
    nonisolated func readerLimits(_ packing: ArchiveFile.Packing, _ bytes: Int64)
        -> TarReader.Limits
    {
        var limits = TarReader.Limits(entries: self.limits.archiveFiles)
        guard packing != .none else { return limits }
        limits.contentBytes = max(
            bytes.multipliedSaturated(by: Limits.expansion),
            Limits.leastContent
        )
        // The limit also covers a header for each file and the padding of its last block.
        limits.bytes = limits.contentBytes.addingSaturated(
            Int64(limits.entries).multipliedSaturated(by: 2 * Int64(TarHeader.blockSize))
        )
        return limits
    }

    // MARK: Taking in

    /// Receives an archive. `content` fills a block completely with the next bytes; only the last block is
    /// left with room in it.
    public func receive(
        of tenant: String,
        _ content: @escaping @Sendable (ByteBlock) async throws -> Void
    ) async throws(Refusal) -> Stored {
        guard uploads.take(for: tenant) else { throw .busy }
        defer { uploads.give(for: tenant) }
        number += 1
        let path = "\(place(of: tenant))/\(Self.uploadPrefix)\(number)"
        let upload = Upload(path: path, disk: disk, stall: stall, content) { [weak self] count in
            await self?.makeRoom(for: count) ?? false
        }
        let result: Result<Stored, Refusal>
        do throws(Refusal) {
            result = .success(try await keep(upload, tenant))
        } catch {
            result = .failure(error)
        }
        incoming = max(0, incoming.subtractingSaturated(upload.reserved))
        upload.discard()
        return try result.get()
    }

    private func keep(_ upload: Upload, _ tenant: String) async throws(Refusal) -> Stored {
        let id = try await upload.receive(await digest(), within: readerLimits(.none, 0))
        let key = Key(tenant: tenant, id: id)
        if let there = use(id, of: tenant) { return there }
        let packing = upload.packing
        var file = ArchiveFile(
            path: upload.path,
            packing: packing,
            disk: disk,
            programs: programs,
            stall: stall
        )
        let files: Int
        do {
            if let found = upload.files {
                files = try found.get()
            } else {
                // gzip checks the extension of the file's name.
                file = file.renamed(to: "\(upload.path).\(packing.rawValue)")
                try await upload.rename(to: file.path)
                files = try await file.list(within: readerLimits(packing, upload.count)).fileCount
            }
        } catch let refused as TarReader.Refused {
            throw .refused(refused.message)
        } catch let failure as UnpackingFailure {
            throw failure.isOwn
                ? .failed("The archive \(failure.reason).")
                : .refused("The archive \(failure.reason).")
        } catch {
            throw Upload.refusal(error)
        }
        let archive = Stored(id: id, bytes: upload.count, files: files, usedAt: now())
        let kept = file.renamed(
            to: "\(place(of: tenant))/\(id)-\(files).\(packing.rawValue)"
        )
        do {
            try await upload.settle(at: kept.path)
        } catch {
            throw Upload.refusal(error)
        }
        // Another upload may have brought the same archive meanwhile.
        sum = max(0, sum - (archives[key]?.archive.room ?? 0)).addingSaturated(archive.room)
        archives[key] = (archive, kept)
        await forgetTooMany(of: tenant)
        return archive
    }

    /// Computes the hashes of archives: the system's library, or a program if there is no library.
    private func digest() async -> any StreamDigest {
        if let digest { return digest }
        let library = await programs.library(on: threads)
        // The first upload decides, also if the library's disk has not answered.
        let found = digest ?? library ?? programs.digest
        digest = found
        return found
    }

    /// Removes the least recently used archives of a tenant if it has too many.
    private func forgetTooMany(of tenant: String) async {
        let own = archives.filter { $0.key.tenant == tenant }
        guard own.count > limits.archives else { return }
        let held = await held()
        // Some more are removed at once, so that this is not needed for every upload.
        var left = own.count - limits.archives + limits.archives / 100
        for (key, entry) in own.sorted(by: { $0.value.archive.usedAt < $1.value.archive.usedAt })
        where left > 0 && !held.contains(key.id) {
            forget(key, entry.file)
            left -= 1
        }
    }

    /// Makes room for this many more bytes by removing the least recently used archives. Returns whether
    /// there is room.
    private func makeRoom(for count: Int64) async -> Bool {
        incoming = incoming.addingSaturated(count)
        guard sum.addingSaturated(incoming) > Int64(limits.allBytes) else { return true }
        let held = await held()
        for (key, entry) in archives.sorted(by: {
            $0.value.archive.usedAt < $1.value.archive.usedAt
        }) {
            guard sum.addingSaturated(incoming) > Int64(limits.allBytes) else { return true }
            if !held.contains(key.id) { forget(key, entry.file) }
        }
        return sum.addingSaturated(incoming) <= Int64(limits.allBytes)
    }

    /// The number of bytes that the archives take on the disk.
    private var sum: Int64 = 0

    // MARK: Forgetting

    /// Returns the ids of the archives that unfinished deployments need.
    private var holders: @Sendable () async -> Set<String> = { [] }

    /// Sets the function that returns the ids of archives which must be kept, however old they are.
    public func keep(those holders: @escaping @Sendable () async -> Set<String>) {
        self.holders = holders
    }

    private func held() async -> Set<String> { await holders() }

    /// Removes the archives that were not used for too long.
    public func sweep() async {
        let held = await held()
        let oldest = now().advanced(by: .zero - limits.age)
        for (key, entry) in archives where entry.archive.usedAt < oldest && !held.contains(key.id) {
            forget(key, entry.file)
        }
    }

    private func forget(_ key: Key, _ file: ArchiveFile) {
        guard let gone = archives.removeValue(forKey: key) else { return }
        sum = max(0, sum - gone.archive.room)
        let path = file.path
        // If that fails, the next start finds the file.
        disk.perform { unsafe _ = unlink(path) }
    }

    // MARK: The folder

    private static let uploadPrefix = "upload-"
    /// A prefix is needed because a tenant may be called `..`.
    private static let tenantPrefix = "of-"

    private func place(of tenant: String) -> String { "\(folder)/\(Self.tenantPrefix)\(tenant)" }

    /// Reads the archives in the folder, and removes what unfinished uploads have left. It must be called
    /// before anything is received. Throws if the disk does not answer.
    public func load() async throws {
        let folder = folder
        let found = try await disk.run(within: .seconds(60)) { abandonment in
            try Self.read(folder, abandonment)
        }
        for entry in found {
            let file = ArchiveFile(
                path: entry.path,
                packing: entry.packing,
                disk: disk,
                programs: programs,
                stall: stall
            )
            archives[Key(tenant: entry.tenant, id: entry.archive.id)] = (entry.archive, file)
            sum = sum.addingSaturated(entry.archive.room)
        }
    }

    private struct Found: Sendable {
        let tenant: String
        let path: String
        let packing: ArchiveFile.Packing
        let archive: Stored
    }

    private static func read(
        _ folder: String,
        _ abandonment: BlockingThreads.Abandonment
    ) throws -> [Found] {
        let files = FileManager.default
        var found: [Found] = []
        // On a first start the folder does not exist.
        for place in (try? files.contentsOfDirectory(atPath: folder)) ?? []
        where place.hasPrefix(tenantPrefix) {
            let tenant = String(place.dropFirst(tenantPrefix.count))
            for name in (try? files.contentsOfDirectory(atPath: "\(folder)/\(place)")) ?? [] {
                if abandonment.isAbandoned { throw CancellationError() }
                let path = "\(folder)/\(place)/\(name)"
                let parts = name.split(separator: "-", maxSplits: 1)
                let rest = parts.last.map { $0.split(separator: ".", maxSplits: 1) } ?? []
                guard parts.count == 2, parts[0].utf8.count == 64, rest.count == 2,
                    let count = Int(rest[0]),
                    let packing = ArchiveFile.Packing(rawValue: String(rest[1])),
                    let facts = try? files.attributesOfItem(atPath: path),
                    let size = (facts[.size] as? NSNumber)?.int64Value,
                    let date = facts[.modificationDate] as? Date
                else {
                    // If that fails, the next start tries again.
                    try? files.removeItem(atPath: path)
                    continue
                }
                let archive = Stored(
                    id: String(parts[0]),
                    bytes: size,
                    files: count,
                    usedAt: Timestamp(
                        microseconds: Int64(saturating: date.timeIntervalSince1970 * 1_000_000)
                    )
                )
                found.append(Found(tenant: tenant, path: path, packing: packing, archive: archive))
            }
        }
        return found
    }
}

extension ArchiveFile {
    func renamed(to path: String) -> ArchiveFile {
        ArchiveFile(path: path, packing: packing, disk: disk, programs: programs, stall: stall)
    }
}
