import Foundation
import Testing

@testable import Executor

@Suite struct SourceRootsTests {
    private let scratch: ScratchFolder
    private var root: String { "\(scratch.path)/root" }

    init() throws { scratch = try ScratchFolder() }

    /// What is said of a path; nil if it is taken.
    private func fault(_ path: String) async -> String? {
        do throws(SourceRoots.FolderFault) {
            _ = try await SourceRoots([root]).resolve(path)
            return nil
        } catch {
            #expect(!error.isTemporary)
            return error.message
        }
    }

    @Test func whatLiesElsewhereIsRefusedAlikeWhetherItIsThereOrNot() async throws {
        for path in ["root/app", "root-beside", "other"] { try scratch.makeFolder(path) }
        try scratch.link("root/out", to: "\(scratch.path)/other")
        try scratch.link("root/in", to: "app")
        for taken in ["app", "./app/../app/", "in", "in/."] {
            #expect(await fault("\(root)/\(taken)") == nil)
        }
        for missing in ["missing", "missing/below", "app/missing", "missing/../../../etc/passwd"] {
            #expect(await fault("\(root)/\(missing)") == "no such folder")
        }
        for there in [
            "\(scratch.path)/other", "\(scratch.path)/nothing", "\(root)-beside",
            "\(root)-nothing", "\(root)/../other", "\(root)/../nothing", "\(root)/out",
            "\(root)/out/nothing", "/etc/passwd", "/etc/nothing", "/nothing", "/", "//",
        ] {
            #expect(await fault(there)?.hasPrefix("lies outside") == true, "\(there)")
        }
        #expect(await fault("app") == "must be an absolute path")
        let long = root + String(repeating: "/a", count: 500_000)
        #expect(await fault(long) == "must not be longer than 4,095 bytes")
    }

    @Test func aRootThatIsNoFolderIsNamed() async throws {
        try scratch.write("file")
        for path in ["\(scratch.path)/none", "\(scratch.path)/file"] {
            do throws(SourceRoots.InvalidRoot) {
                try await SourceRoots([scratch.path, path]).check()
                Issue.record("\(path) was taken")
            } catch {
                #expect(error.path == path)
            }
        }
    }

    @Test func aRootThatIsMadeAnewIsTheRoot() async throws {
        try scratch.write("root/app/old")
        let roots = SourceRoots([root])
        #expect(try await roots.check() == [])
        try scratch.remove("root")
        try scratch.write("root/app/new")
        let source = try await roots.collect("\(root)/app", stall: .seconds(60)).get()
        #expect(source.entries.map(\.path) == [Array("new".utf8)])
    }

    @Test(arguments: [
        ("/", "1:1"), ("/srv", "1:1"), ("/srv/scripts", "2:2"), ("/srv/scripts/app", "2:2"),
        ("/srv/scripts-too", "1:1"), ("/srv/two words/x", "3:3"), ("/over", "5:5"),
    ])
    func theNearestMountCounts(_ path: String, _ number: String) {
        let table = """
            1 0 1:1 / / rw - ext4 /dev/vda rw
            2 1 2:2 / /srv/scripts rw shared:1 - nfs4 far:/ rw
            3 1 3:3 / /srv/two\\040words rw - tmpfs none rw
            4 1 4:4 / /over rw - tmpfs none rw
            5 1 5:5 / /over rw - tmpfs none rw

            """
        #expect(Disk.number(of: Array(path.utf8), in: Array(table.utf8)) == number)
    }
}
