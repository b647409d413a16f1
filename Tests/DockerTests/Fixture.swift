import Foundation
import Testing

/// What a docker client printed once; `fixtures/docker/record` made the files.
struct Fixture: Sendable, CustomTestStringConvertible {
    /// The client's version: `20` or `28`.
    let client: String
    let path: String

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("fixtures/docker").path

    static let clients = ["20", "28"]

    var name: String {
        (path as NSString).deletingPathExtension.components(separatedBy: "/").last ?? path
    }

    var bytes: [UInt8] {
        Array(FileManager.default.contents(atPath: "\(Self.folder)/\(client)/\(path)") ?? Data())
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    var testDescription: String { "\(client)/\(path)" }

    /// All files of a kind, of both clients.
    static func all(_ kind: String) -> [Fixture] {
        clients.flatMap { client in
            let names = try? FileManager.default.contentsOfDirectory(
                atPath: "\(folder)/\(client)/\(kind)"
            )
            return (names ?? []).sorted().map { Fixture(client: client, path: "\(kind)/\($0)") }
        }
    }
}
