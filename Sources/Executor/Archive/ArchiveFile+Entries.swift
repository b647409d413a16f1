import Numbers
import Threads

extension ArchiveFile {
    /// Reads the whole archive and checks every entry.
    ///
    /// - Throws: `TarReader.Refused`, `UnpackingFailure`, or the error of a disk that does not answer.
    func list(within limits: TarReader.Limits) async throws -> ArchiveListing {
        let bytes = bytes()
        var listing = ArchiveListing(within: limits)
        while !listing.isAtEnd, let piece = try await bytes.next() {
            try Task.checkCancellation()
            try listing.read(piece[...])
            guard listing.passable > 0 else { continue }
            // Contents that are only skipped need not be read, except for the last byte, which shows
            // whether the archive is complete.
            let passed = try await bytes.skip(listing.passable - 1)
            if passed > 0 { listing.pass(passed) }
        }
        try listing.finish()
        return listing
    }

    /// Collects the entries of the archive that are copied.
    ///
    /// - Parameter path: a file that is copied even if `.dockerignore` excludes it.
    func collect(
        within limits: TarReader.Limits,
        keeping path: String? = nil
    ) async -> Result<SourceFolder, SourceFolder.Unreadable> {
        do {
            let listing = try await list(within: limits)
            let kept = try await StepwiseWork(listing, on: disk).step(
                within: .seconds(60)
            ) { listing, abandonment in
                try Self.kept(of: listing, besides: path) { abandonment.isAbandoned }
            }
            return .success(SourceFolder(.archive(self), entries: kept))
        } catch {
            return .failure(SourceFolder.Unreadable(archive: error, stall))
        }
    }

    /// The entries that neither the archive's `.dockerignore` nor the fixed rules exclude.
    private static func kept(
        of listing: ArchiveListing,
        besides path: String?,
        _ isAbandoned: @escaping () -> Bool
    ) throws -> [SourceFolder.Entry] {
        let rules = try IgnoreFile.rules(listing.ignoreFile, keeping: path)
        var work = IgnoreWork(isAbandoned: isAbandoned)
        var folders: [[UInt8]: Folder] = [[]: Folder(isLeftOut: false)]
        var kept: [SourceFolder.Entry] = []
        var leftOut: Set<[UInt8]> = []
        for entry in listing.entries {
            if isAbandoned() { throw CancellationError() }
            let slash = entry.path.lastIndex(of: UInt8(ascii: "/"))
            let above = try folder(
                slash.map { Array(entry.path[..<$0]) } ?? [],
                &folders,
                rules,
                &work
            )
            let name = Array(entry.path[(slash.map { $0 + 1 } ?? 0)...])
            let own = try above.child(entry.path, name, rules, &work)
            if entry.kind == .folder { folders[entry.path] = own }
            guard !own.isLeftOut, !own.isIgnored else {
                leftOut.insert(entry.path)
                continue
            }
            if case .sameFile(let path) = entry.kind, leftOut.contains(path) {
                throw TarReader.Refused(
                    entry: entry.path,
                    reason: "is a hard link to a file that .dockerignore excludes"
                )
            }
            kept.append(SourceFolder.Entry(entry))
        }
        return kept
    }

    /// How the rules apply to a folder or to an entry in it.
    private struct Folder {
        /// Whether it is excluded with everything in it, even if `.dockerignore` includes it again.
        var isLeftOut: Bool
        var isIgnored = false
        var matches = IgnoreRules.Matches()

        func child(
            _ path: [UInt8],
            _ name: [UInt8],
            _ rules: IgnoreRules,
            _ work: inout IgnoreWork
        ) throws -> Folder {
            var own = self
            own.isLeftOut = isLeftOut || IgnoreRules.alwaysIgnores(name: name)
            guard !own.isLeftOut, !rules.isEmpty else { return own }
            do throws(IgnoreWork.Halt) {
                own.matches = try rules.matches(Rune.decode(path), above: matches, &work)
            } catch {
                throw IgnoreFile.failure(error)
            }
            own.isIgnored = rules.ignores(own.matches)
            return own
        }
    }

    /// How the rules apply to a folder, which need not have an entry of its own.
    private static func folder(
        _ path: [UInt8],
        _ known: inout [[UInt8]: Folder],
        _ rules: IgnoreRules,
        _ work: inout IgnoreWork
    ) throws -> Folder {
        if let folder = known[path] { return folder }
        var folder = known[[]] ?? Folder(isLeftOut: false)
        var start = 0
        for index in path.indices.map({ $0 + 1 })
        where index == path.count || path[index] == UInt8(ascii: "/") {
            let place = Array(path[..<index])
            if let there = known[place] {
                folder = there
            } else {
                folder = try folder.child(place, Array(path[start..<index]), rules, &work)
                known[place] = folder
            }
            start = index + 1
        }
        return folder
    }
}

extension SourceFolder.Entry {
    /// Makes an entry from one of an archive.
    init(_ entry: TarReader.Entry) {
        let kind: SourceFolder.Kind =
            switch entry.kind {
            case .file(let size): .file(size: size, nil)
            case .folder: .folder
            case .link(let target): .link(target: target)
            case .sameFile(let path): .sameFile(path: path)
            }
        self.init(path: entry.path, kind: kind, mode: entry.mode, modified: entry.modified)
    }
}

extension SourceFolder.Unreadable {
    /// Makes the reason why an archive could not be read.
    init(archive error: any Error, _ limit: Duration) {
        switch error {
        case let refused as TarReader.Refused:
            self.init(path: refused.entry, reason: refused.reason)
            if refused.entry.isEmpty { self.init(path: "the archive", reason: refused.reason) }
        case let failure as UnpackingFailure:
            self.init(path: "the archive", reason: failure.reason)
            isStalled = failure.isStalled
        default: self.init(path: "the archive", error, limit)
        }
    }
}
