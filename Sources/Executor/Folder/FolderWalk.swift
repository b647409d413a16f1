import Glibc

/// Walks through a folder in steps: what was found, and what is still to be visited.
struct FolderWalk: Sendable {
    typealias Unreadable = SourceFolder.Unreadable

    /// The folder that is walked through.
    private let folder: HeldDescriptor
    /// Its path, for messages.
    private let path: String
    private(set) var entries: [SourceFolder.Entry] = []
    /// A file that is copied even if the folder's `.dockerignore` excludes it.
    private let kept: String?
    private var rules = IgnoreRules()
    private var hasBegun = false
    /// The number of names so far.
    private var seen = 0
    private var reading: Reading?
    /// The entries found in the folder being read. They are kept only here, so that the array is extended
    /// in place.
    private var found: [Child] = []
    private var levels: [Level] = []
    /// The path being read, for messages.
    private(set) var place: [UInt8] = []

    /// The maximum number of names in the folder and everything below it.
    static let mostNames = 1_000_000

    /// A folder whose names are being examined.
    private struct Reading: Sendable {
        let descriptor: HeldDescriptor
        let path: [UInt8]
        let names: [[UInt8]]
        let matches: IgnoreRules.Matches
        var next = 0
    }

    /// A folder whose names have been examined.
    private struct Level: Sendable {
        let children: [Child]
        var next = 0
    }

    private struct Child: Sendable {
        let entry: SourceFolder.Entry
        let isIgnored: Bool
        let matches: IgnoreRules.Matches
    }

    init(_ folder: HeldDescriptor, path: String, keeping kept: String? = nil) {
        self.folder = folder
        self.path = path
        self.kept = kept
    }

    /// Continues for a moment; returns true at the end.
    mutating func step(isAbandoned: @escaping () -> Bool) throws -> Bool {
        if !hasBegun {
            hasBegun = true
            rules = try IgnoreFile.read(in: folder, keeping: kept, isAbandoned)
            try enter([], IgnoreRules.Matches(), isAbandoned)
        }
        var work = IgnoreWork(isAbandoned: isAbandoned)
        for _ in 0..<1_000 where work.steps < 100_000_000 {
            if isAbandoned() { throw CancellationError() }
            if reading != nil {
                try visitNext(&work)
            } else if try !goOn(isAbandoned) {
                return true
            }
        }
        return false
    }

    /// Continues with the next child; returns false if there is none.
    private mutating func goOn(_ isAbandoned: () -> Bool) throws -> Bool {
        guard var level = levels.popLast() else { return false }
        guard level.next < level.children.count else { return true }
        let child = level.children[level.next]
        level.next += 1
        levels.append(level)
        if !child.isIgnored { entries.append(child.entry) }
        if child.entry.kind == .folder { try enter(child.entry.path, child.matches, isAbandoned) }
        return true
    }

    /// Reads the names in a folder.
    private mutating func enter(
        _ path: [UInt8],
        _ matches: IgnoreRules.Matches,
        _ isAbandoned: () -> Bool
    ) throws {
        place = path
        do throws(FileFault) {
            let descriptor = try folder.open(path, O_RDONLY | O_DIRECTORY)
            let names = try FileFacts.names(
                in: descriptor,
                limit: Self.mostNames - seen,
                isAbandoned: isAbandoned
            )
            seen += names.count
            reading = Reading(
                descriptor: descriptor,
                path: path,
                names: names.filter { !IgnoreRules.alwaysIgnores(name: $0) },
                matches: matches
            )
        } catch {
            throw path.isEmpty
                ? Unreadable(path: self.path, reason: error.reason)
                : Unreadable(path: path, reason: error.reason)
        }
        guard seen <= Self.mostNames else {
            throw Unreadable(
                path: self.path,
                reason: "it holds more than \(Self.mostNames) files and folders"
            )
        }
    }

    /// Examines the next name of the folder being read.
    private mutating func visitNext(_ work: inout IgnoreWork) throws {
        guard let current = reading, current.next < current.names.count else {
            if let done = reading {
                reading = nil
                done.descriptor.close()
                levels.append(Level(children: found))
                found = []
            }
            return
        }
        let name = current.names[current.next]
        let path = current.path.isEmpty ? name : current.path + [UInt8(ascii: "/")] + name
        place = path
        reading?.next += 1
        var matches = current.matches
        if !rules.isEmpty {
            do throws(IgnoreWork.Halt) {
                matches = try rules.matches(Rune.decode(path), above: current.matches, &work)
            } catch {
                throw IgnoreFile.failure(error)
            }
        }
        let isIgnored = !rules.isEmpty && rules.ignores(matches)
        if isIgnored, !rules.mayKeep(below: path) { return }
        let kind: SourceFolder.Kind?
        let facts: FileFacts
        do throws(FileFault) {
            facts = try FileFacts(of: name, in: current.descriptor)
            kind = try self.kind(of: name, facts, isIgnored, current.descriptor)
        } catch {
            if isIgnored { return }
            throw Unreadable(path: path, reason: error.reason)
        }
        guard let kind else { return }
        if case .link(let target) = kind,
            !LinkTarget.staysInside(folder: current.path, target: target)
        {
            throw Unreadable(
                path: path,
                reason: "the link leads out of the folder, to "
                    + String(decoding: target, as: UTF8.self)
            )
        }
        found.append(
            Child(
                entry: SourceFolder.Entry(
                    path: path,
                    kind: kind,
                    mode: facts.mode,
                    modified: facts.modified
                ),
                isIgnored: isIgnored,
                matches: kind == .folder ? matches : IgnoreRules.Matches()
            )
        )
    }

    /// What is copied for a name; nil if it is left out.
    private func kind(
        of name: [UInt8],
        _ facts: FileFacts,
        _ isIgnored: Bool,
        _ folder: HeldDescriptor
    ) throws(FileFault) -> SourceFolder.Kind? {
        switch facts.kind {
        case .folder: return .folder
        case .file where !isIgnored:
            guard FileFacts.mayRead(name, in: folder) else { throw FileFault(code: EACCES) }
            return .file(size: facts.size, facts.identity)
        case .link where !isIgnored:
            return .link(target: try FileFacts.target(of: name, in: folder))
        default: return nil
        }
    }
}

/// The file in a folder that says which of its files are not copied.
enum IgnoreFile {
    private static let name = ".dockerignore"

    /// Reads the rules of the file in the folder; if there is none, only the fixed rules apply.
    static func read(
        in folder: HeldDescriptor,
        keeping kept: String?,
        _ isAbandoned: () -> Bool
    ) throws -> IgnoreRules {
        do {
            let file = try folder.open(Array(name.utf8), O_RDONLY, links: .within)
            defer { file.close() }
            guard try FileFacts(of: file).kind == .file else { throw failure("it is not a file") }
            let content = try file.read(atMost: IgnoreRules.mostBytes + 1, isAbandoned)
            return try rules(content, keeping: kept)
        } catch let fault as FileFault {
            guard fault.code != ENOENT else { return IgnoreRules() }
            throw failure(fault.reason)
        }
    }

    /// The rules for this content of the file; only the fixed rules if it is nil.
    static func rules(
        _ content: [UInt8]?,
        keeping kept: String? = nil
    ) throws -> IgnoreRules {
        guard let content else { return IgnoreRules() }
        guard content.count <= IgnoreRules.mostBytes else {
            throw failure("it is larger than \(IgnoreRules.mostBytes) bytes")
        }
        do throws(IgnoreRules.Refused) {
            return try IgnoreRules(dockerignore: content, keeping: kept)
        } catch {
            throw failure("line \(error.line): \(error.reason)")
        }
    }

    /// Turns the reason why matching was stopped into an error.
    static func failure(_ halt: IgnoreWork.Halt) -> any Error {
        switch halt {
        case .abandoned: CancellationError()
        case .tooMuch: failure("it takes too long to compare so many lines with so many files")
        }
    }

    private static func failure(_ reason: String) -> SourceFolder.Unreadable {
        SourceFolder.Unreadable(path: name, reason: reason)
    }
}

extension HeldDescriptor {
    /// The content from the current offset to the end, but at most `limit` bytes.
    func read(atMost limit: Int, _ isAbandoned: () -> Bool) throws(FileFault) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < limit, !isAbandoned() {
            let count = try read(min(limit - bytes.count, 262_144), into: &bytes)
            if count == 0 { break }
        }
        return bytes
    }

    /// Adds at most `limit` bytes and returns their number; 0 at the end.
    ///
    /// - Parameter offset: the offset of the bytes in the file; nil for the current offset.
    func read(
        _ limit: Int,
        at offset: Int64? = nil,
        into bytes: inout [UInt8]
    ) throws(FileFault) -> Int {
        var count = 0
        var code: Int32 = 0
        // In a debug build, filling the room with zeros first would cost more than reading.
        let more = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, used in
            repeat {
                count =
                    if let offset {
                        unsafe pread(number, buffer.baseAddress, limit, Int(offset))
                    } else {
                        unsafe Glibc.read(number, buffer.baseAddress, limit)
                    }
            } while count < 0 && errno == EINTR
            code = errno
            used = max(0, count)
        }
        guard count >= 0 else { throw FileFault(code: code) }
        bytes += more
        return count
    }
}
