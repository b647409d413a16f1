import Deployments
import Engine
import Foundation
import Journal
import Threads

/// Finds out who uses a port of this host, as far as the caller may know it.
struct PortHolder: Sendable {
    let engine: any Engine
    let journal: any ContainerOwners
    /// The scope of the containers that may be named.
    let accessScope: AccessScope

    /// How long to search through the processes.
    private static let limit = Duration.seconds(2)
    private static let threads = BlockingThreads(threads: 2, threadsPerKey: 2, capacity: 16)

    /// The holder in words, such as `container web of app shop`; nil if none is found.
    func find(_ port: UInt16) async -> String? {
        if let container = await container(port) { return container }
        // If the engine is on another machine, the processes here do not use its ports.
        guard engine.isLocal else { return nil }
        let process = try? await Self.threads.run(for: "/proc", within: Self.limit) { abandonment in
            Self.process(port) { abandonment.isAbandoned }
        }
        return process ?? nil
    }

    private func container(_ port: UInt16) async -> String? {
        // If the engine cannot say, the processes are searched.
        guard let list = try? await engine.containers(publishing: port), let first = list.first,
            let found = try? await engine.container(first.id)
        else { return nil }
        // The owner of a container must be known before the container is named.
        guard let owner = try? await journal.owner(of: found.claim) else {
            let tenant = found.labels[Label.tenant, default: accessScope.tenant]
            guard tenant == accessScope.tenant else { return "another tenant's container" }
            return "container \(found.name), which Slipway did not make"
        }
        guard owner.tenant == accessScope.tenant else { return "another tenant's container" }
        guard accessScope.includes(tenant: owner.tenant, app: owner.app) else {
            return "another app's container"
        }
        return "container \(found.name) of app \(owner.app)"
    }

    // MARK: Processes

    /// The process that listens on the port; nil if there is none, or if it is another user's.
    private static func process(_ port: UInt16, _ isAbandoned: () -> Bool) -> String? {
        let sockets = listeners(port)
        guard !sockets.isEmpty else { return nil }
        let wanted = Set(sockets.map { "socket:[\($0)]" })
        for name in names("/proc") where UInt32(name) != nil {
            for descriptor in names("/proc/\(name)/fd") {
                if isAbandoned() { return nil }
                let path = "/proc/\(name)/fd/\(descriptor)"
                // The descriptor may have been closed meanwhile.
                guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path),
                    wanted.contains(target)
                else { continue }
                let program = text("/proc/\(name)/comm", limit: 64)
                let printable = program.unicodeScalars.filter { $0.isASCII && $0.value > 0x20 }
                return "process \(String(String.UnicodeScalarView(printable))) (\(name))"
            }
        }
        return nil
    }

    /// The inodes of the sockets that listen on the port.
    private static func listeners(_ port: UInt16) -> [Substring] {
        let suffix = String(port, radix: 16, uppercase: true)
        let ending = ":" + String(repeating: "0", count: 4 - suffix.count) + suffix
        return ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { file in
            text(file, limit: 4 << 20).split(separator: "\n").compactMap { line -> Substring? in
                let fields = line.split(separator: " ")
                // The state 0A means that the socket listens.
                guard fields.count > 9, fields[3] == "0A", fields[1].hasSuffix(ending) else {
                    return nil
                }
                return fields[9]
            }
        }
    }

    private static func names(_ folder: String) -> [String] {
        // The processes of other users cannot be read.
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }

    /// The beginning of a file in `/proc`; such files do not report their size.
    private static func text(_ path: String, limit: Int) -> String {
        guard let file = FileHandle(forReadingAtPath: path) else { return "" }
        defer { try? file.close() }  // The file was only read.
        return String(decoding: (try? file.read(upToCount: limit)) ?? Data(), as: UTF8.self)
    }
}
