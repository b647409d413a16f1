import Client
import Deployments
import Docker
import Foundation
import Glibc
import HTTP
import Journal
import Testing

@testable import Doctor

/// What is made of what was seen.
@Suite struct FactsTests {
    let user = UserFacts(number: 1000, name: "ship")

    @Test func rootIsMoreThanIsNeeded() {
        #expect(UserFacts(number: 0, name: "root").finding.verdict == .warning)
        #expect(user.finding == .ok(.user, "Runs as ship."))
    }

    @Test(arguments: [(20_000, "ok"), (10_255, "warning"), (600, "warning"), (511, "wrong")])
    func descriptorsMustDoForTheStreams(limit: Int, verdict: String) {
        let finding = DescriptorFacts(limit: limit, streams: 10_000).finding
        #expect(finding.verdict.rawValue == verdict)
        #expect(verdict == "ok" || finding.advice?.contains("LimitNOFILE") == true)
    }

    @Test func missingProgramsAreNamedWithTheirUse() {
        #expect(ProgramsFacts(found: ["git", "ssh", "gzip", "zstd"]).finding.verdict == .ok)
        let finding = ProgramsFacts(found: ["ssh", "gzip"]).finding
        #expect(finding.verdict == .warning && finding.message == "Not on PATH: git, zstd.")
        #expect(finding.advice?.contains("archives packed by zstd") == true)
        #expect(ProgramsFacts.gather(path: "/nowhere").found.isEmpty)
    }

    @Test func clocksAreCompared() throws {
        let now = try #require(Timestamp(text: "2026-11-21T10:30:00.000000Z"))
        #expect(ClockFacts(now: now, lead: nil).finding.verdict == .ok)
        #expect(ClockFacts(now: now, lead: -4_900_000).finding.verdict == .ok)
        let off = ClockFacts(now: now, lead: -3_600_000_000).finding
        #expect(off.verdict == .warning && off.message.contains("3600 s"))
        let far = ClockFacts(now: now, lead: .min).finding
        #expect(far.message.contains("9223372036854 s"))
        let old = try #require(Timestamp(text: "1970-01-01T00:10:00.000000Z"))
        #expect(ClockFacts(now: old, lead: 0).finding.verdict == .wrong)
    }

    @Test(arguments: [
        "2026-11-21T10:30:00.123456789Z", "2026-11-21T10:30:00Z", "2026-11-21T12:30:00.5+02:00",
        "2026-11-21T05:00:00.123456789-05:30",
    ])
    func enginesMomentsAreRead(text: String) throws {
        let wanted = try #require(Timestamp(text: "2026-11-21T10:30:00.000000Z"))
        #expect(ClockFacts.moment(text) == wanted)
    }

    @Test func whatIsNoMomentIsNotRead() {
        for text in ["", "now", "2026-11-21", ".5Z"] { #expect(ClockFacts.moment(text) == nil) }
    }

    @Test(arguments: [(15 << 20, "wrong"), (17 << 20, "warning"), (1 << 30, "ok")])
    func roomIsWeighed(free: Int64, verdict: String) {
        let disk = DiskFacts(free: free, total: 1 << 40, freeFiles: nil)
        #expect(disk.verdict(.data).rawValue == verdict)
        let data = DataFacts(path: "/data", state: .usable(mode: 0o700), disk: disk)
        #expect(data.findings(for: user).first?.verdict.rawValue == verdict)
    }

    @Test func aDiskWithoutFreeFilesIsFull() {
        let disk = DiskFacts(free: 1 << 40, total: 1 << 40, freeFiles: 0)
        #expect(disk.verdict(.data) == .wrong && disk.words.contains("0 files"))
    }

    // MARK: The data directory

    @Test func dataDirectoryThatCannotBeUsedNamesTheFileAndTheWayOut() {
        var facts = DataFacts(path: "/data", state: .unusable(path: "/data/lock", errno: EACCES))
        var finding = facts.findings(for: user)[0]
        #expect(finding.verdict == .wrong && finding.message.contains("/data/lock"))
        #expect(finding.advice?.contains("chown -R ship /data") == true)
        facts.state = .unusable(path: "/data", errno: EROFS)
        finding = facts.findings(for: user)[0]
        #expect(finding.message.contains("Read-only") && finding.advice?.contains("chown") == false)
        facts.state = .unmakeable(folder: "/", errno: EACCES)
        #expect(facts.findings(for: user)[0].message.contains("cannot be made in /"))
        facts.state = .missing
        #expect(facts.findings(for: user)[0].verdict == .ok)
    }

    @Test func openDataDirectoryIsWarnedOf() {
        let facts = DataFacts(path: "/data", state: .usable(mode: 0o755), holder: 17)
        let finding = facts.findings(for: user)[0]
        #expect(finding.verdict == .warning && finding.advice == "chmod 700 /data")
        #expect(finding.message.contains("755") && finding.message.contains("process 17"))
    }

    @Test func serverThatHasTheDataDirectoryIsNoFault() {
        let facts = DataFacts(path: "/data", state: .usable(mode: 0o700), holder: 17)
        let finding = facts.findings(for: user)[0]
        #expect(finding == .ok(.data, "/data; a server has it (process 17)."))
    }

    @Test func damageIsToldInTheJournalsWords() {
        let error = JournalError(code: .corrupt, operation: "check", message: "it is damaged")
        var facts = DataFacts(path: "/data", state: .usable(mode: 0o700))
        facts.database = .failure(error)
        let finding = facts.findings(for: user)[1]
        #expect(finding.verdict == .wrong && finding.message.contains("it is damaged"))
    }

    @Test func locksAreReadFromTheTable() {
        let table = """
            1: POSIX  ADVISORY  WRITE 11 08:01:42 0 EOF
            2: FLOCK  ADVISORY  WRITE 708 103:0a:42 0 EOF
            3: FLOCK  ADVISORY  WRITE 709 08:01:42 0 EOF
            3: -> FLOCK  ADVISORY  WRITE 710 08:01:42 0 EOF
            4: FLOCK  ADVISORY  WRITE 0 08:01:43 0 EOF
            """
        #expect(LockTable.holder(in: table, device: 0x801, inode: 42) == 709)
        #expect(LockTable.holder(in: table, device: 0x1030A, inode: 42) == 708)
        #expect(LockTable.holder(in: table, device: 0x801, inode: 43) == nil)
        #expect(LockTable.holder(in: "", device: 0x801, inode: 42) == nil)
    }

    /// With so many other locks that the table is longer than a page.
    @Test func holderIsFoundAmongManyLocks() throws {
        let folder = NSTemporaryDirectory() + "locks-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true
        )
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(DataFacts.gather(folder).holder == nil)
        var locks: [Int32] = []
        defer { for lock in locks { close(lock) } }
        for number in 0..<200 {
            let name = number == 0 ? "lock" : "\(number)"
            let lock = unsafe open("\(folder)/\(name)", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            #expect(flock(lock, LOCK_EX) == 0)
            locks.append(lock)
        }
        #expect(DataFacts.gather(folder).holder == getpid())
    }

    // MARK: Roots and tokens

    @Test func rootsMustBeReadableAndNarrow() {
        func verdict(_ path: String, real: String? = "/srv/apps", fault: Int32? = nil) -> String {
            RootFacts(path: path, realPath: real, fault: fault, dataFolder: "/srv/apps/x/data")
                .finding.verdict.rawValue
        }
        #expect(verdict("/none", real: nil) == "wrong")
        #expect(verdict("/srv/apps", fault: EACCES) == "wrong")
        #expect(verdict("/srv/apps") == "warning")
        #expect(verdict("/", real: "/") == "warning")
        #expect(verdict("/srv/app", real: "/srv/app") == "ok")
    }

    @Test func rootsAreLookedAtAndSilentOnesNamed() async {
        let temporary = await RootFacts.gather("/tmp", dataFolder: "/nowhere")
        #expect(temporary.finding.verdict == .ok)
        #expect(await RootFacts.gather("/tmp/no such", dataFolder: "/nowhere").realPath == nil)
        let silent = RootFacts(path: "/far", dataFolder: "/nowhere", isSilent: true)
        #expect(silent.finding.verdict == .wrong)
        #expect(silent.finding.message == "/far does not answer.")
    }

    @Test func tokensMustBePrivate() {
        func verdict(_ mode: UInt32, isCredential: Bool = false, fault: String? = nil) -> String {
            let state = TokensFacts.State.readable(
                mode: mode,
                isCredential: isCredential,
                fault: fault
            )
            return TokensFacts(path: "/t", state: state).finding.verdict.rawValue
        }
        #expect(verdict(0o600) == "ok")
        #expect(verdict(0o640) == "wrong")
        #expect(verdict(0o440, isCredential: true) == "ok")
        #expect(verdict(0o600, fault: "it is not JSON") == "wrong")
        let away = TokensFacts(path: "/t", state: .unreadable(errno: ENOENT))
        #expect(away.finding.message.contains("No such file"))
    }

    @Test(.timeLimit(.minutes(1))) func aPipeInPlaceOfTheTokensIsSaidToBeOne() throws {
        let folder = NSTemporaryDirectory() + "tokens-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        unsafe mkfifo("\(folder)/pipe", 0o600)
        for (path, words) in [("\(folder)/pipe", "is not a file"), (folder, "is not a file")] {
            let facts = TokensFacts.gather(path, credentials: nil) { _ in nil }
            #expect(facts.finding.verdict == .wrong)
            #expect(facts.finding.message == "\(path) \(words).")
        }
        let long = Data(repeating: 0x20, count: 1 << 21)
        try long.write(to: URL(filePath: "\(folder)/long"))
        let facts = TokensFacts.gather("\(folder)/long", credentials: nil) { _ in nil }
        #expect(facts.finding.message.contains("longer than 1048576 bytes"))
    }
}
