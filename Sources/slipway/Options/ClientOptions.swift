import Client
import Deployments
import Foundation

/// How a command of the terminal finds its server.
struct ClientOptions: Sendable {
    let server: ServerConnection
    /// The options with which another command finds the same server: ` --server URL`, or nothing.
    let again: String

    /// The server if none is named.
    private static let usual = "http://127.0.0.1:8000"

    static let table: [Option] = [
        Option(
            name: "server",
            value: "URL",
            help:
                "use the server at this http:// or https:// address or unix:PATH (\(usual))"
        ),
        Option(
            name: "token",
            value: "TOKEN",
            help: "authenticate with this token, which is safer in SLIPWAY_TOKEN"
        ),
        Option(
            name: "token-file",
            value: "FILE",
            help: "authenticate with the token in the first line of this file",
            completion: .files
        ),
    ]

    static let json = Option(
        name: "json",
        help: "write JSON, for programs",
        hasVariable: false
    )

    init(_ values: OptionValues) throws(UsageError) {
        let text = values.text("server") ?? Self.usual
        let address: ServerAddress
        do throws(ServerAddress.ParseError) {
            address = try ServerAddress(parsing: text)
        } catch {
            throw UsageError("--server \(error.reason)")
        }
        server = ServerConnection(address: address, token: try Self.token(values))
        again = values.isFromLine("server") ? " --server \(text)" : ""
    }

    static func token(_ values: OptionValues) throws(UsageError) -> String? {
        if values.isFromLine("token"), values.isFromLine("token-file") {
            throw UsageError("--token and --token-file exclude each other")
        }
        if let token = values.text("token"), !values.isFromLine("token-file") {
            guard ServerConnection.isToken(token) else {
                throw UsageError(
                    "--token must consist of visible ASCII characters, without a blank"
                )
            }
            return token
        }
        guard let path = values.text("token-file") else { return nil }
        guard let content = FileManager.default.contents(atPath: path) else {
            throw .input("--token-file \(path): the file cannot be read")
        }
        let token = String(decoding: content, as: UTF8.self).split(whereSeparator: \.isNewline)
            .first?.trimmingCharacters(in: .whitespaces)
        guard let token, ServerConnection.isToken(token) else {
            throw .input("--token-file \(path): its first line is not a token")
        }
        return token
    }

    /// The deployment that a text stands for: an id, or the beginning of a recent deployment's id.
    func deployment(_ text: String) async throws -> DeploymentID {
        if let id = DeploymentID(text.lowercased()) { return id }
        let start = text.lowercased()
        guard start.utf8.count >= 4, start.utf8.count < 36,
            start.utf8.allSatisfy({ "0123456789abcdef-".utf8.contains($0) })
        else {
            throw UsageError.input(
                "\(text) is neither a deployment's id nor the first four or more characters of one"
            )
        }
        let page = try await server.json("GET", "/api/deployments", query: [("limit", "500")])
        let ids = (page["deployments"]?.elements ?? []).compactMap { $0["id"]?.string }
            .filter { $0.hasPrefix(start) }
        guard let first = ids.first.flatMap(DeploymentID.init) else {
            throw UsageError.input(
                "none of the newest 500 deployments has an id that begins with \(text)"
            )
        }
        guard ids.count == 1 else {
            throw UsageError.input(
                "the ids of \(ids.count) deployments begin with \(text): \(ids.prefix(5).joined(separator: ", "))"
            )
        }
        return first
    }
}
