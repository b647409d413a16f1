internal import Client
internal import Deployments
internal import Foundation
internal import HTTP
internal import Sockets

extension ServerFacts {
    private static let patience = Duration.seconds(10)

    /// Asks whatever answers at the address. If nothing does, it finds out whether a server could listen.
    static func gather(_ address: ListenAddress, token: String?) async -> ServerFacts {
        guard let url = url(of: address), let server = try? ServerAddress(parsing: url) else {
            return ServerFacts(address: address, occupant: .nobody)
        }
        let connection = ServerConnection(address: server, token: token)
        do throws(ClientError) {
            let health = try await connection.answer("/healthz", silence: patience, limit: 1 << 16)
            guard health.status == 200, json(health)?["status"]?.string == "ok" else {
                let reason = "it answers \(health.status) to /healthz"
                return ServerFacts(address: address, occupant: .another(reason))
            }
            let ready = try await connection.answer("/readyz", silence: patience, limit: 1 << 16)
            return ServerFacts(address: address, occupant: .slipway(readiness(ready)))
        } catch {
            switch error {
            case .unreachable:
                let fault = trouble(listeningOn: address)
                return ServerFacts(
                    address: address,
                    occupant: fault.map { .unusable($0) } ?? .nobody
                )
            default:
                return ServerFacts(address: address, occupant: .another(error.description))
            }
        }
    }

    /// Reads an answer to `/readyz`. If this client may not ask, nothing is known, which is no fault.
    static func readiness(_ answer: TimedResponse) -> ReadinessAnswer {
        let told = json(answer)
        var troubles: [String] = []
        for part in ["store", "engine"] where answer.status == 503 {
            guard let state = told?[part], state["status"]?.string != "ok" else { continue }
            troubles.append(state["message"]?.string ?? "The \(part) is not available.")
        }
        if answer.status == 503, troubles.isEmpty { troubles = ["It answers 503 to /readyz."] }
        return ReadinessAnswer(
            version: told?["version"]?.string,
            isTold: answer.status == 200 || answer.status == 503,
            troubles: troubles.map(Finding.sentence)
        )
    }

    private static func json(_ answer: TimedResponse) -> JSONValue? {
        try? JSONValue(parsing: answer.content)
    }

    /// The URL at which a client reaches the address; nil for a port that is not chosen yet.
    static func url(of address: ListenAddress) -> String? {
        switch address {
        case .unix(let path): return "unix:\(path)"
        case .tcp(_, 0): return nil
        case .tcp(let host, let port):
            // A server that listens on all addresses is reached on the loopback address.
            let name = ["0.0.0.0": "127.0.0.1", "::": "::1"][host] ?? host
            return "http://\(name.contains(":") ? "[\(name)]" : name):\(port)"
        }
    }

    private static func trouble(listeningOn address: ListenAddress) -> String? {
        switch address {
        case .tcp(let host, let port):
            do throws(SystemError) {
                try ListeningSocket.tryAddress(host: host, port: port)
                return nil
            } catch {
                return error.reason
            }
        case .unix(let path):
            let folder = (path as NSString).deletingLastPathComponent
            if let number = FolderAccess.fault(folder.isEmpty ? "." : folder, [.write, .enter]) {
                return "\(folder): \(FolderAccess.words(number))"
            }
            let type = try? FileManager.default.attributesOfItem(atPath: path)[.type]
            guard let type = type as? FileAttributeType, type != .typeSocket else { return nil }
            return "there is something that is no socket"
        }
    }
}
