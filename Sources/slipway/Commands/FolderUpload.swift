import Client
import Deployments
import Executor
import Foundation
import Synchronization
import Terminal
import Threads

/// Packs a folder of this machine and sends it to a server that does not see it, unless the server has that
/// archive already.
struct FolderUpload: Sendable {
    let server: ServerConnection
    /// Shows the progress; nil to show none.
    let screen: Screen?
    let environment: [String: String]

    /// Packs and sends the folder, and returns the archive's id.
    ///
    /// - Parameter kept: a file in the folder that is sent even if `.dockerignore` excludes it.
    func send(_ folder: String, keeping kept: String?) async throws -> String {
        let place =
            FileManager.default.temporaryDirectory.path + "/slipway-\(UUID().uuidString).tar.gz"
        defer {
            // If that fails, the system clears its temporary folder later.
            try? FileManager.default.removeItem(atPath: place)
        }
        let packed: FolderPacking.Packed
        do throws(FolderPacking.Failure) {
            packed = try await FolderPacking(path: environment["PATH"]).pack(
                folder,
                keeping: kept,
                into: place
            )
        } catch {
            throw UsageError.input(error.message)
        }
        let files = packed.files == 1 ? "1 file" : "\(packed.files) files"
        let what = "\(files) of \(printable(folder)), \(byteText(packed.contentBytes))"
        if try await isThere(packed.id) {
            await screen?.update(["The server has them already: \(what)."])
            return packed.id
        }
        await screen?.update(["Sending \(what) (\(byteText(packed.bytes)) packed)."])
        let sent = Mutex(Int64(0))
        // It is cancelled when this function returns.
        let drawing = Task { await draw(packed.bytes) { sent.withLock { $0 } } }
        defer { drawing.cancel() }
        let answer = try await server.send(file: place, size: packed.bytes, to: "/api/archives") {
            count in
            sent.withLock { $0 = max($0, count) }
        }
        drawing.cancel()
        await drawing.value
        guard answer["id"]?.string == packed.id else {
            throw ClientError.notUnderstood("the archive arrived with another content")
        }
        return packed.id
    }

    private func isThere(_ id: String) async throws(ClientError) -> Bool {
        do throws(ClientError) {
            _ = try await server.request("GET", "/api/archives/\(id)")
            return true
        } catch {
            if case .refused(let problem) = error, problem.status == 404 { return false }
            throw error
        }
    }

    /// Draws the progress of the upload on a terminal until the task is cancelled.
    private func draw(_ size: Int64, _ sent: @Sendable () -> Int64) async {
        guard let screen, screen.isTerminal else { return }
        while (try? await Task.pause(for: .milliseconds(100))) != nil {
            let row = UploadRow.text(
                done: sent(),
                of: size,
                width: screen.size.width,
                style: screen.style
            )
            await screen.update(region: [row])
        }
        await screen.update(region: [])
    }
}
