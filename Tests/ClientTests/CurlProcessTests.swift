import Foundation
import Sockets
import Synchronization
import Testing

@testable import Client

@Suite struct CurlProcessTests {
    @Test func bodyIsNamedAndNotQuoted() {
        var request = OutgoingRequest("POST", "/x", silence: .seconds(1))
        #expect(!CurlProcess.configuration(request, url: "https://h/x").contains("data"))
        request.body = [UInt8](repeating: UInt8(ascii: "\""), count: 600_000)
        let text = CurlProcess.configuration(request, url: "https://h/x")
        #expect(text.contains("\ndata-binary = \"@-\"\n"))
        #expect(text.utf8.count < 1000)
    }

    @Test(.enabled(if: hasCurl)) func serverThatIsNotThereIsUnreachable() async throws {
        // Bound and not listening: nobody else can be there.
        let pair = try #require(Self.boundPort())
        defer { close(pair.descriptor) }
        let address = try ServerAddress(parsing: "https://127.0.0.1:\(pair.port)")
        var request = OutgoingRequest("POST", "/x", silence: .seconds(60))
        request.body = [UInt8](repeating: UInt8(ascii: "x"), count: 600_000)
        do {
            _ = try await Exchange.begin(request, to: address)
            Issue.record("there was an answer")
        } catch {
            guard case .unreachable(let reason) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(reason.contains("connect"))
        }
    }

    @Test func fileGoesByTheInputWithItsLengthAndWithoutChunks() {
        var request = OutgoingRequest("POST", "/x", silence: .seconds(1))
        request.file = OutgoingFile(path: "/a/b", size: 1 << 40) { _ in }
        let text = CurlProcess.configuration(request, url: "https://h/x")
        #expect(text.contains("\nupload-file = \"-\"\n") && !text.contains("/a/b"))
        #expect(text.contains("\nheader = \"Content-Length: 1099511627776\"\n"))
        #expect(text.contains("\nheader = \"Transfer-Encoding:\"\n"))
    }

    @Test func requestIsNotInTheListOfProcesses() async throws {
        let curl = try FakeCurl(#"echo "$@"; cat "$3"; echo "$MARK"; cat"#)
        defer { curl.remove() }
        var request = OutgoingRequest("POST", "/x", silence: .seconds(60))
        request.fields = [("Authorization", "Bearer secret")]
        request.body = [UInt8](repeating: UInt8(ascii: "b"), count: 600_000)
        let process = try await curl.process(request, ["MARK": "of the environment"])
        let lines = try await text(of: process).split(separator: "\n")
        let words = lines[0].split(separator: " ")
        #expect(words.dropLast() == ["--disable", "--config"])
        #expect(words.last?.hasPrefix("/proc/\(getpid())/fd/") == true)
        #expect(lines.contains("header = \"Authorization: Bearer secret\""))
        #expect(lines.dropLast().last == "of the environment")
        #expect(lines.last?.utf8.elementsEqual(request.body) == true)
    }

    @Test func fileIsSentWithProgress() async throws {
        let curl = try FakeCurl("cat")
        defer { curl.remove() }
        let content = [UInt8](repeating: UInt8(ascii: "c"), count: 3_000_000)
        let file = try curl.file("content", content)
        let sent = Mutex<[Int64]>([])
        var request = OutgoingRequest("POST", "/x", silence: .seconds(60))
        // More has been added to it since.
        request.file = OutgoingFile(path: file, size: 2_900_000) { count in
            sent.withLock { $0.append(count) }
        }
        let text = try await text(of: curl.process(request))
        #expect(text.utf8.elementsEqual(content.prefix(2_900_000)))
        #expect(sent.withLock { $0.last } == 2_900_000)
        #expect(sent.withLock { $0 == $0.sorted() && $0.count > 2 })
    }

    @Test func fileThatBecomesShorterIsALostRequest() async throws {
        let curl = try FakeCurl("cat > /dev/null; echo taken for complete")
        defer { curl.remove() }
        let file = try curl.file("content", [1, 2, 3])
        var request = OutgoingRequest("POST", "/x", silence: .seconds(60))
        request.file = OutgoingFile(path: file, size: 4) { _ in }
        let process = try await curl.process(request)
        #expect(try await text(of: process) == "")
        let reason = "the request cannot be sent: \(file) has become shorter"
        #expect(await process.explanation(of: .lost("")) == .lost(reason))
        request.file = OutgoingFile(path: file + "x", size: 4) { _ in }
        let error = await #expect(throws: ClientError.self) { try await curl.process(request) }
        #expect(error?.description.contains("No such file") == true)
    }

    @Test func failureIsWhatCurlSaysOfIt() async throws {
        let curl = try FakeCurl("echo 'curl: (60) not trusted' >&2; exit 60")
        defer { curl.remove() }
        let process = try await curl.process(OutgoingRequest("GET", "/", silence: .seconds(60)))
        #expect(try await text(of: process) == "")
        #expect(await process.explanation(of: .lost("no answer")) == .unreachable("not trusted"))
        // Whoever asks twice gets the same.
        #expect(await process.explanation(of: .lost("no answer")) == .unreachable("not trusted"))
        #expect(await process.explanation(of: .notUnderstood("x")) == .notUnderstood("x"))
        let other = try FakeCurl("exit 52")
        defer { other.remove() }
        let status = try await other.process(OutgoingRequest("GET", "/", silence: .seconds(60)))
        #expect(try await text(of: status) == "")
        #expect(await status.explanation(of: .lost("")) == .lost("curl failed with status 52"))
    }

    @Test func silenceIsALostAnswerAndEndsCurl() async throws {
        // Whether the silence ends before curl has begun is not known: it takes as long as the machine makes it.
        let curl = try FakeCurl(#"echo $$ > "${0%/*}/number"; exec sleep 600"#)
        defer { curl.remove() }
        let process = try await curl.process(OutgoingRequest("GET", "/", silence: .seconds(1)))
        await #expect(throws: ClientError.lost("nothing came for 1 s")) {
            try await process.receive()
        }
        #expect(await process.explanation(of: .lost("silent")) == .lost("silent"))
        if let number = curl.number() { try await end(of: number) }
    }

    @Test func curlThatDoesNotEndIsKilled() async throws {
        // It stands still, and then no request to end reaches it.
        let curl = try FakeCurl("echo $$; kill -STOP $$")
        defer { curl.remove() }
        let process = try await curl.process(OutgoingRequest("GET", "/", silence: .seconds(60)))
        let number = try await pid(from: process)
        await process.end()
        await process.end()
        #expect(try await process.receive().isEmpty)
        #expect(await process.explanation(of: .lost("ended")) == .lost("ended"))
        try await end(of: number)
    }

    @Test func cancelledReaderIsToldAtOnce() async throws {
        let curl = try FakeCurl("exec sleep 600")
        defer { curl.remove() }
        let process = try await curl.process(OutgoingRequest("GET", "/", silence: .seconds(600)))
        let reader = Task { try await process.receive() }
        reader.cancel()
        await #expect(throws: ClientError.lost("cancelled")) { try await reader.value }
        #expect(await process.explanation(of: .lost("cancelled")) == .lost("cancelled"))
    }

    @Test func curlEndsWithWhoeverLetsGoOfIt() async throws {
        let curl = try FakeCurl("echo $$; exec sleep 600")
        defer { curl.remove() }
        var process: CurlProcess? = try await curl.process(
            OutgoingRequest("GET", "/", silence: .seconds(600))
        )
        let number = try await pid(from: process)
        process = nil
        try await end(of: number)
    }

    @Test func answerThatNobodyAsksForIsLeftWithCurl() async throws {
        let curl = try FakeCurl("head -c 20000000 /dev/zero")
        defer { curl.remove() }
        let process = try await curl.process(OutgoingRequest("GET", "/", silence: .seconds(60)))
        var (count, most) = (0, 0)
        while true {
            // Longer than all of it takes to come.
            if count == 0 { try await Task.sleep(for: .milliseconds(300)) }
            let bytes = try await process.receive()
            if bytes.isEmpty { break }
            most = max(most, bytes.count)
            count += bytes.count
        }
        #expect(count == 20_000_000 && most < 1 << 20)
    }

    @Test func curlThatIsMissingOrNoProgramIsUnreachable() async throws {
        let request = OutgoingRequest("GET", "/", silence: .seconds(60))
        try EventLoop.start()
        let missing = await #expect(throws: ClientError.self) {
            try await CurlProcess(request, url: "https://h/", environment: ["PATH": "/proc"])
        }
        #expect(missing?.description.contains("not on PATH") == true)
        let curl = try FakeCurl("", interpreter: "/proc/none")
        defer { curl.remove() }
        let process = try await curl.process(request)
        #expect(try await text(of: process) == "")
        let error = await process.explanation(of: .lost("no answer"))
        guard case .unreachable(let reason) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(reason.hasPrefix("curl cannot be started: "))
    }

    private func text(of process: CurlProcess) async throws -> String {
        var text: [UInt8] = []
        while true {
            let bytes = try await process.receive()
            if bytes.isEmpty { return String(decoding: text, as: UTF8.self) }
            text += bytes
        }
    }

    /// The number that a script has said.
    private func pid(from process: CurlProcess?) async throws -> pid_t {
        let said = try await process?.receive() ?? []
        return try #require(pid_t(String(decoding: said.dropLast(), as: UTF8.self)))
    }

    /// Waits until no process has the number.
    private func end(of number: pid_t) async throws {
        let limit = ContinuousClock.now + .seconds(120)
        while kill(number, 0) == 0 {
            try #require(ContinuousClock.now < limit, "the process \(number) still runs")
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private static let hasCurl = (ProcessInfo.processInfo.environment["PATH"] ?? "")
        .split(separator: ":")
        .contains { FileManager.default.isExecutableFile(atPath: "\($0)/curl") }

    private static func boundPort() -> (descriptor: Int32, port: UInt16)? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(descriptor, pointer, length) == 0
                    && getsockname(descriptor, pointer, &length) == 0
            }
        }
        guard isBound else {
            close(descriptor)
            return nil
        }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }
}

/// A program by the name of curl, in a folder that is alone in `PATH`.
private final class FakeCurl: Sendable {
    private let folder = NSTemporaryDirectory() + "curl-\(UUID().uuidString)"

    /// - Parameter text: what it does, as a script.
    init(_ text: String, interpreter: String = "/bin/sh") throws {
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true
        )
        let program = try file("curl", Array("#!\(interpreter)\n\(text)\n".utf8))
        try #require(unsafe chmod(program, 0o755) == 0)
        // A child that another test starts meanwhile has a copy of the descriptor by which it was written.
        let descriptor = unsafe open(program, O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        // A lease for reading is given once there is no writer; it goes with the descriptor.
        let limit = ContinuousClock.now + .seconds(120)
        while fcntl(descriptor, /* F_SETLEASE */ 1024, F_RDLCK) != 0 {
            try #require(ContinuousClock.now < limit, "\(program) is still being written")
            usleep(1_000)
        }
    }

    func remove() {
        // What is left in the temporary folder does no harm.
        try? FileManager.default.removeItem(atPath: folder)
    }

    func file(_ name: String, _ content: [UInt8]) throws -> String {
        try Data(content).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        return "\(folder)/\(name)"
    }

    /// What the script has written into the file `number` beside it; nil if there is none yet.
    func number() -> pid_t? {
        guard let written = FileManager.default.contents(atPath: "\(folder)/number") else {
            return nil
        }
        return pid_t(String(decoding: written, as: UTF8.self).trimmingCharacters(in: .newlines))
    }

    func process(
        _ request: OutgoingRequest,
        _ variables: [String: String] = [:]
    ) async throws -> CurlProcess {
        try EventLoop.start()
        let variables = variables.merging(["PATH": "\(folder):/usr/bin:/bin"]) { own, _ in own }
        return try await CurlProcess(request, url: "https://h/", environment: variables)
    }
}
