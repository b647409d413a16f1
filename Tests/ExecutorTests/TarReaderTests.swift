import Foundation
import Testing

@testable import Executor

@Suite struct TarReaderTests {
    /// An entry as hostile as it may be: every field by itself.
    struct Raw {
        var name: [UInt8]
        var type: UInt8 = 0x30
        var content: [UInt8] = []
        var size: String?
        var target = ""
        var mode = "0000644"
        var prefix = ""
        var breaksChecksum = false
        /// Whether its size is -1, to base 256.
        var isNegative = false

        init(_ name: String, type: Character = "0", _ content: String = "") {
            self.name = Array(name.utf8)
            self.type = type.asciiValue ?? 0
            self.content = Array(content.utf8)
        }

        func with(_ change: (inout Raw) -> Void) -> Raw {
            var copy = self
            change(&copy)
            return copy
        }

        var bytes: [UInt8] {
            var block = [UInt8](repeating: 0, count: 512)
            func put(_ text: some Collection<UInt8>, at offset: Int) {
                block.replaceSubrange(offset..<offset + text.count, with: text)
            }
            put(name.prefix(100), at: 0)
            put(mode.utf8, at: 100)
            put("0000000".utf8, at: 108)
            put("0000000".utf8, at: 116)
            let octal = String(content.count, radix: 8)
            put((size ?? String(repeating: "0", count: 11 - octal.count) + octal).utf8, at: 124)
            if isNegative { put([UInt8](repeating: 0xFF, count: 12), at: 124) }
            put("00000000000".utf8, at: 136)
            put("        ".utf8, at: 148)
            block[156] = type
            put(target.utf8.prefix(100), at: 157)
            put("ustar\u{0}00".utf8, at: 257)
            put(prefix.utf8, at: 345)
            let sum = block.reduce(0) { $0 + Int($1) } + (breaksChecksum ? 1 : 0)
            let digits = String(sum, radix: 8)
            put((String(repeating: "0", count: 6 - digits.count) + digits + "\u{0} ").utf8, at: 148)
            let padding = (512 - content.count % 512) % 512
            return block + content + [UInt8](repeating: 0, count: padding)
        }
    }

    /// `LENGTH KEY=VALUE\n`.
    static func record(_ key: String, _ value: String) -> String {
        let rest = " \(key)=\(value)\n"
        var length = rest.utf8.count
        while String(length).utf8.count + rest.utf8.count != length {
            length = String(length).utf8.count + rest.utf8.count
        }
        return "\(length)\(rest)"
    }

    static let end = [UInt8](repeating: 0, count: 1024)

    private struct Result: Equatable {
        var entries: [TarReader.Entry] = []
        var content: [[UInt8]] = []
        var refusal: TarReader.Refused?

        var names: [String] { entries.map { String(decoding: $0.path, as: UTF8.self) } }
    }

    private func read(
        _ bytes: [UInt8],
        pieces: Int? = nil,
        limits: TarReader.Limits = TarReader.Limits()
    ) -> Result {
        var reader = TarReader(limits: limits)
        var result = Result()
        do {
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = rest.prefix(pieces ?? rest.count)
                rest = rest.dropFirst(piece.count)
                try reader.feed(piece) { piece in
                    switch piece {
                    case .entry(let entry):
                        result.entries.append(entry)
                        result.content.append([])
                    case .content(let bytes): result.content[result.content.count - 1] += bytes
                    }
                }
            }
            try reader.finish()
        } catch {
            result.refusal = error as? TarReader.Refused
        }
        return result
    }

    private func read(_ raw: [Raw], limits: TarReader.Limits = TarReader.Limits()) -> Result {
        read(raw.flatMap(\.bytes) + Self.end, limits: limits)
    }

    // MARK: What comes in

    @Test func entriesComeAsTheyAre() {
        let entries = [
            Raw("./", type: "5"), Raw("./a/", type: "5").with { $0.mode = "0000750" },
            Raw("./a/file", "content"),
            Raw("a/link", type: "2").with { $0.target = "../a/file" },
            Raw("a/again", type: "1").with { $0.target = "./a/file" }, Raw("b//c/./d", "x"),
        ]
        let result = read(entries)
        #expect(result.refusal == nil)
        #expect(result.names == ["a", "a/file", "a/link", "a/again", "b/c/d"])
        #expect(result.entries[0].kind == .folder && result.entries[0].mode == 0o750)
        #expect(result.entries[1].kind == .file(size: 7))
        #expect(result.content[1] == Array("content".utf8))
        #expect(result.entries[2].kind == .link(target: Array("../a/file".utf8)))
        #expect(result.entries[3].kind == .sameFile(path: Array("a/file".utf8)))
    }

    @Test(arguments: [1, 7, 511, 512, 513, 4096])
    func cutsChangeNothing(_ size: Int) {
        let long = String(repeating: "d/", count: 90) + "file"
        let bytes =
            [
                Raw("x", type: "x", Self.record("path", long) + Self.record("mtime", "-1.5")),
                Raw("short", "one"), Raw("L", type: "L", "name\u{0}"), Raw("y", "two"),
            ].flatMap(\.bytes) + Self.end
        let whole = read(bytes)
        #expect(whole.refusal == nil)
        #expect(whole.names == [long, "name"])
        #expect(whole.entries.first?.modified == -2)
        #expect(read(bytes, pieces: size) == whole)
    }

    @Test func programsOfTheSystemAreUnderstood() async throws {
        let scratch = try ScratchFolder()
        try scratch.write("in/deep/large", String(repeating: "x", count: 70_000))
        try scratch.write("in/empty", "")
        let long = String(repeating: "n", count: 200)
        try scratch.write("in/\(long)", "long")
        for format in ["gnu", "pax", "ustar", "v7"] {
            try await scratch.pack("in", into: "out.tar", ["--format=\(format)"])
            let data = try Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/out.tar"))
            let result = read(Array(data))
            #expect(result.refusal == nil, "\(format)")
            var names: Set = ["deep", "deep/large", "empty"]
            if ["gnu", "pax"].contains(format) { names.insert(long) }
            #expect(Set(result.names) == names, "\(format)")
        }
    }

    // MARK: What does not

    static let hostile: [(String, [Raw], String)] = [
        ("absolute", [Raw("/etc/passwd", "x")], "absolute"),
        ("upwards", [Raw("a/../../b", "x")], "'..'"), ("only upwards", [Raw("..", "x")], "'..'"),
        ("pax upwards", [Raw("x", type: "x", record("path", "../b")), Raw("a")], "'..'"),
        ("pax absolute", [Raw("x", type: "x", record("path", "/b")), Raw("a")], "absolute"),
        ("long upwards", [Raw("L", type: "L", "../b\u{0}"), Raw("a")], "'..'"),
        ("prefix upwards", [Raw("b").with { $0.prefix = ".." }], "'..'"),
        ("prefix absolute", [Raw("b").with { $0.prefix = "/etc" }], "absolute"),
        ("link out", [Raw("a", type: "2").with { $0.target = "../x" }], "leads out"),
        ("link to the root", [Raw("a", type: "2").with { $0.target = "/etc" }], "leads out"),
        (
            "pax link out",
            [
                Raw("x", type: "x", record("linkpath", "/etc/passwd")),
                Raw("a", type: "2").with { $0.target = "b" },
            ], "leads out"
        ), ("link to nothing", [Raw("a", type: "2")], "valid target"),
        (
            "below a link",
            [Raw("a", type: "2").with { $0.target = "b" }, Raw("a/x", "y")], "not a folder"
        ), ("below a file", [Raw("a", "1"), Raw("a/x/y", "2")], "not a folder"),
        ("hard link out", [Raw("a", type: "1").with { $0.target = "/etc/passwd" }], "absolute"),
        (
            "hard link to nothing", [Raw("a", type: "1").with { $0.target = "b" }],
            "not an earlier file"
        ),
        (
            "hard link to a link",
            [
                Raw("a", type: "2").with { $0.target = "b" },
                Raw("c", type: "1").with { $0.target = "a" },
            ], "not an earlier file"
        ), ("device", [Raw("a", type: "3")], "device"), ("disk", [Raw("a", type: "4")], "device"),
        ("pipe", [Raw("a", type: "6")], "pipe"), ("unknown", [Raw("a", type: "Z")], "kind"),
        ("twice", [Raw("a", "1"), Raw("./a", "2")], "twice"),
        ("folder over a file", [Raw("a", "1"), Raw("a/", type: "5")], "twice"),
        ("file over a folder", [Raw("a/b", "1"), Raw("a", "2")], "twice"),
        ("sparse", [Raw("a", type: "S")], "sparse"),
        (
            "pax sparse",
            [Raw("x", type: "x", record("GNU.sparse.major", "1")), Raw("a", "1")], "sparse"
        ), ("link with content", [Raw("a", type: "2", "x").with { $0.target = "b" }], "content"),
        ("checksum", [Raw("a", "1").with { $0.breaksChecksum = true }], "checksum"),
        ("size", [Raw("a").with { $0.size = "77777777zzz" }], "size"),
        ("name of zero bytes", [Raw("x", type: "x", record("path", "a\u{0}b")), Raw("a")], "null"),
        (
            "long name",
            [Raw("L", type: "L", String(repeating: "a/", count: 3000)), Raw("a")], "4095"
        ),
        ("long part", [Raw("L", type: "L", String(repeating: "a", count: 256)), Raw("a")], "255"),
        ("broken record", [Raw("x", type: "x", "99 path=a\n"), Raw("a")], "cannot be read"),
        ("record without a length", [Raw("x", type: "x", "path=a\n"), Raw("a")], "cannot be read"),
        ("negative size", [Raw("x", type: "x", record("size", "-1")), Raw("a")], "cannot be read"),
        ("name for all", [Raw("x", type: "g", record("path", "a")), Raw("a")], "for all entries"),
        (
            "huge header", [Raw("x", type: "x").with { $0.size = "77777777777" }, Raw("a")],
            "header"
        ),
        ("file as the folder", [Raw("./", "x")], "the folder itself"),
        (
            "header of less than nothing",
            [Raw("x", type: "x").with { $0.isNegative = true }, Raw("a")], "header"
        ),
        (
            "name of less than nothing",
            [Raw("L", type: "L").with { $0.isNegative = true }, Raw("a")], "header"
        ),
        ("file of less than nothing", [Raw("a").with { $0.isNegative = true }, Raw("b")], "size"),
    ]

    @Test(arguments: hostile.indices)
    func hostileEntryIsRefused(_ index: Int) {
        let (what, raw, word) = Self.hostile[index]
        let result = read(raw)
        #expect(result.refusal?.message.contains(word) == true, "\(what): \(result)")
        // Nothing that follows is let through.
        #expect(result.entries.count < raw.count, "\(what)")
    }

    @Test func brokenOffArchiveIsRefused() {
        let bytes = Raw("a", String(repeating: "x", count: 2_000)).bytes
        #expect(read(Array(bytes.prefix(1_000))).refusal?.reason == "is not complete")
        #expect(read(Array(bytes.prefix(300))).refusal?.reason.contains("middle") == true)
        #expect(read([UInt8]()).refusal?.reason == "is empty")
        // Some programs leave out the end.
        #expect(read(bytes).refusal == nil)
        #expect(
            read(Array(repeating: 0x61, count: 600)).refusal?.reason.contains("not a tar archive")
                == true
        )
    }

    private static func checksum(_ octal: String) -> [UInt8] {
        Array((String(repeating: "0", count: 6 - octal.utf8.count) + octal + "\u{0} ").utf8)
    }

    @Test func numbersToBase256AreRead() {
        var size = [UInt8](repeating: 0, count: 12)
        size[0] = 0x80
        size[11] = 3
        var raw = Raw("a").bytes
        raw.replaceSubrange(124..<136, with: size)
        raw.replaceSubrange(148..<156, with: [UInt8](repeating: 0x20, count: 8))
        let sum = String(raw.prefix(512).reduce(0) { $0 + Int($1) }, radix: 8)
        raw.replaceSubrange(148..<156, with: Self.checksum(sum))
        raw += Array("abc".utf8) + [UInt8](repeating: 0, count: 509)
        #expect(read(raw + Self.end).entries.map(\.size) == [3])
        // More than any number of ours.
        raw.replaceSubrange(124..<136, with: [0xBF] + [UInt8](repeating: 0xFF, count: 11))
        raw.replaceSubrange(148..<156, with: [UInt8](repeating: 0x20, count: 8))
        let large = String(raw.prefix(512).reduce(0) { $0 + Int($1) }, radix: 8)
        raw.replaceSubrange(148..<156, with: Self.checksum(large))
        #expect(read(raw + Self.end).refusal?.reason.contains("size") == true)
    }

    @Test func limitsHold() {
        let many = (0..<20).map { Raw("f\($0)", "x") }
        #expect(read(many, limits: .init(entries: 19)).refusal?.reason.contains("19") == true)
        #expect(read(many, limits: .init(entries: 20)).refusal == nil)
        #expect(read(many, limits: .init(contentBytes: 19)).refusal?.reason.contains("19") == true)
        #expect(read(many, limits: .init(nameBytes: 49)).refusal?.reason.contains("49") == true)
        #expect(read(many, limits: .init(nameBytes: 50)).refusal == nil)
        // So do headers that bring nothing.
        let empty = (0..<20).map { _ in Raw("g", type: "g", Self.record("comment", "x")) }
        #expect(read(empty, limits: .init(bytes: 9_999)).refusal?.reason.contains("9999") == true)
        // Folders that have no entry of their own count.
        let deep = [Raw(String(repeating: "d/", count: 40) + "f", "x")]
        #expect(read(deep, limits: .init(entries: 30)).refusal?.reason.contains("30") == true)
    }
}
