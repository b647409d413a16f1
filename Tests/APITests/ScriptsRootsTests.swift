import Foundation
import Testing

@testable import API

@Suite struct ScriptsRootsTests {
    private let scratch = NSTemporaryDirectory() + "roots-\(UUID().uuidString)"
    private var root: String { "\(scratch)/root" }

    /// What is said of a path; nil where it is taken.
    private func fault(_ path: String) throws -> String? {
        switch try ScriptsRoots([root]).resolve(path) {
        case .success: nil
        case .failure(let fault): fault.message
        }
    }

    @Test func whatLiesElsewhereIsRefusedAlikeWhetherItIsThereOrNot() throws {
        let files = FileManager.default
        // The system clears what is left here.
        defer { try? files.removeItem(atPath: scratch) }
        for path in ["root/app", "root-beside", "other"] {
            try files.createDirectory(
                atPath: "\(scratch)/\(path)",
                withIntermediateDirectories: true
            )
        }
        try files.createSymbolicLink(
            atPath: "\(root)/out",
            withDestinationPath: "\(scratch)/other"
        )
        #expect(try fault("\(root)/app") == nil && fault("\(root)/./app/../app/") == nil)
        for missing in ["missing", "missing/below", "app/missing", "missing/../../../etc/passwd"] {
            #expect(try fault("\(root)/\(missing)") == "no such folder")
        }
        for there in [
            "\(scratch)/other", "\(scratch)/nothing", "\(root)-beside", "\(root)-nothing",
            "\(root)/../other", "\(root)/../nothing", "\(root)/out", "\(root)/out/nothing",
            "/etc/passwd", "/etc/nothing", "/nothing", "/", "//",
        ] {
            #expect(try fault(there)?.hasPrefix("lies outside") == true, "\(there)")
        }
        #expect(try fault("app") == "must be an absolute path")
        let long = root + String(repeating: "/a", count: 500_000)
        #expect(try fault(long) == "must not be longer than 4,095 bytes")
    }
}
