internal import Foundation
internal import Sockets

/// One request on a connection of its own, and its answer, read as it arrives.
///
/// It runs on the event loop, like its connection, so that arrived bytes are read without a change of
/// threads.
@EventLoop
final class Exchange {
    /// The answer's status and fields.
    nonisolated let head: ResponseHead
    private let transport: any Transport
    private var parser: ResponseParser
    private var parts: [ResponseParser.Part]

    private init(
        head: ResponseHead,
        transport: any Transport,
        parser: ResponseParser,
        parts: [ResponseParser.Part]
    ) {
        self.head = head
        self.transport = transport
        self.parser = parser
        self.parts = parts
    }

    /// Sends a request and waits for the head of its answer.
    nonisolated static func begin(
        _ request: OutgoingRequest,
        to address: ServerAddress
    ) async throws(ClientError) -> Exchange {
        // Code that is isolated to the event loop can run only after its start.
        try Connector.start()
        return try await open(request, to: address)
    }

    private static func open(
        _ request: OutgoingRequest,
        to address: ServerAddress
    ) async throws(ClientError) -> Exchange {
        let transport: any Transport
        switch address.route {
        case .tls(let origin):
            transport = try CurlProcess(request, url: origin + address.basePath + request.target)
        case .tcp, .unix:
            let connection = try await Connector.transport(to: address)
            connection.begin(request.bytes(for: address), silence: request.silence)
            if let file = request.file { await send(file, on: connection) }
            transport = connection
        }
        do throws(ClientError) {
            var parser = ResponseParser()
            while true {
                let bytes = try await transport.receive()
                var parts = bytes.isEmpty ? try parser.end() : try parser.read(bytes)
                guard case .head(let head) = parts.first else { continue }
                parts.removeFirst()
                return Exchange(head: head, transport: transport, parser: parser, parts: parts)
            }
        } catch {
            throw await transport.explanation(of: error)
        }
    }

    /// Sends a file after the request's head. If that fails, the answer says why, or there is none.
    private static func send(_ file: OutgoingFile, on transport: ClientConnection) async {
        guard let handle = FileHandle(forReadingAtPath: file.path) else { return transport.end() }
        var sent: Int64 = 0
        while sent < file.size {
            let most = Int(min(file.size - sent, 262_144))
            guard let piece = try? handle.read(upToCount: most), !piece.isEmpty,
                await transport.write(Array(piece))
            else { break }
            sent += Int64(piece.count)
            file.progress(sent)
        }
    }

    /// The next bytes of the content; nil once it is complete.
    func next() async throws(ClientError) -> [UInt8]? {
        while true {
            while !parts.isEmpty {
                switch parts.removeFirst() {
                case .content(let bytes): return bytes
                case .end:
                    close()
                    return nil
                case .head: break
                }
            }
            if parser.isDone { return nil }
            do throws(ClientError) {
                let bytes = try await transport.receive()
                parts = bytes.isEmpty ? try parser.end() : try parser.read(bytes)
            } catch {
                throw await transport.explanation(of: error)
            }
        }
    }

    /// The whole content; throws if it has more than `limit` bytes.
    func content(limit: Int) async throws(ClientError) -> [UInt8] {
        var content: [UInt8] = []
        while let bytes = try await next() {
            content += bytes
            guard content.count <= limit else {
                close()
                throw .notUnderstood("the answer is longer than \(limit) bytes")
            }
        }
        return content
    }

    /// Closes the connection.
    func close() {
        transport.end()
    }
}
