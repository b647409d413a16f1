import HTTP
import Testing

@testable import Client

@Suite struct ResponseParserTests {
    static let answers: [(text: String, content: String)] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", ""),
        ("HTTP/1.1 204 No Content\r\n\r\n", ""),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\n\r\n",
            "hello"
        ),
        ("HTTP/1.1 200 \r\nTransfer-Encoding: Chunked\r\n\r\n0\r\nTrailer: x\r\n\r\n", ""),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok", "ok"),
    ]

    @Test(arguments: answers)
    func answerIsTheSameHoweverItIsSplit(_ answer: (text: String, content: String)) throws {
        let bytes = Array(answer.text.utf8)
        for split in 0...bytes.count {
            var parser = ResponseParser()
            let parts =
                try parser.read(Array(bytes[..<split])) + parser.read(Array(bytes[split...]))
            #expect(parser.isDone, "split at \(split)")
            #expect(parts.last == .end)
            #expect(Self.content(parts) == answer.content)
        }
    }

    @Test func streamOfAnyNumberOfChunksIsRead() throws {
        var parser = ResponseParser()
        _ = try parser.read(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8))
        let chunk = Array("1\r\nx\r\n".utf8)
        for _ in 0..<150_000 {
            #expect(try parser.read(chunk) == [.content([UInt8(ascii: "x")])])
        }
        #expect(try parser.read(Array("0\r\n\r\n".utf8)) == [.end])
    }

    @Test(arguments: [
        ("", "HTTP/1.1 103 Early Hints\r\n\r\n"), ("HTTP/1.1 200 OK\r\n", "X: y\r\n"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n"),
    ])
    func whatHasNoEndIsNotReadForEver(_ start: String, _ more: String) throws {
        var parser = ResponseParser()
        _ = try parser.read(Array(start.utf8))
        #expect(throws: ClientError.self) {
            for _ in 0..<100_000 { _ = try parser.read(Array(more.utf8)) }
        }
    }

    @Test(arguments: [
        "18446744073709551616", "9223372036854775808", "99999999999999999999999999999", "-1", "+1",
        "",
    ])
    func lengthThatIsNoneIsNotUnderstood(_ length: String) {
        var parser = ResponseParser()
        #expect(throws: ClientError.self) {
            _ = try parser.read(Array("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n".utf8))
        }
    }

    @Test(arguments: ["7fffffffffffffff", "ffffffffffffffff", "10000000000000000"])
    func chunkOfAnySizeIsReadOrRefused(_ size: String) throws {
        var parser = ResponseParser()
        let start = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(size)\r\nabc"
        do {
            #expect(Self.content(try parser.read(Array(start.utf8))) == "abc")
        } catch {
            guard case ClientError.notUnderstood = error else { throw error }
        }
    }

    @Test func lengthAsLargeAsItGetsIsTaken() throws {
        var parser = ResponseParser()
        let start = "HTTP/1.1 200 OK\r\nContent-Length: \(Int.max)\r\n\r\nabc"
        #expect(Self.content(try parser.read(Array(start.utf8))) == "abc")
        #expect(throws: ClientError.self) { try parser.end() }
    }

    @Test func answerWithoutALengthLastsUntilTheEnd() throws {
        var parser = ResponseParser()
        let parts = try parser.read(Array("HTTP/1.0 200 OK\r\n\r\nall of it".utf8))
        #expect(Self.content(parts) == "all of it")
        #expect(!parser.isDone)
        #expect(try parser.end() == [.end])
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "",
    ])
    func answerThatBreaksOffIsLost(_ text: String) throws {
        var parser = ResponseParser()
        _ = try parser.read(Array(text.utf8))
        #expect(throws: ClientError.self) { try parser.end() }
    }

    @Test(arguments: [
        "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nX: \(String(repeating: "a", count: 70_000))",
    ])
    func whatIsNoAnswerIsNotUnderstood(_ text: String) {
        var parser = ResponseParser()
        #expect {
            _ = try parser.read(Array(text.utf8))
        } throws: { error in
            if case ClientError.notUnderstood = error { true } else { false }
        }
    }

    private static func content(_ parts: [ResponseParser.Part]) -> String {
        let bytes = parts.flatMap { part in
            if case .content(let bytes) = part { bytes } else { [UInt8]() }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
