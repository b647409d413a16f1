import Deployments
import Foundation
import Glibc
import Journal

/// The files of a deployment that exist only for a while and can be read only by the server's user.
struct PrivateFiles: Sendable {
    private let folder: String
    private let id: DeploymentID

    init(folder: String, id: DeploymentID) {
        self.folder = folder
        self.id = id
    }

    private var valuesFile: String { "\(folder)/\(id).json" }
    /// The folder for the configuration with which the docker client pulls, if it needs credentials.
    var configurationFolder: String { "\(folder)/\(id).docker" }

    /// Keeps the confidential values until the container has them.
    func keep(_ values: ConfidentialValues) throws {
        guard !values.isEmpty else { return }
        try write(values.json.text, to: valuesFile)
    }

    /// The values that `keep` has written; nil if there are none.
    func keptValues() -> ConfidentialValues? {
        guard let data = FileManager.default.contents(atPath: valuesFile),
            let json = try? JSONValue(parsing: Array(data))
        else { return nil }
        return ConfidentialValues(json: json)
    }

    /// Removes everything. Files that do not exist are no error.
    func removeAll() {
        removeValues()
        remove(configurationFolder)
        remove("\(folder)/\(id).git")
    }

    /// Removes the confidential values, but leaves the credentials of the pull.
    func removeValues() {
        remove(valuesFile)
    }

    private func remove(_ path: String) {
        // Usually the file does not exist.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Removes everything in the folder that belongs to none of these deployments.
    static func sweep(_ folder: String, keeping ids: Set<DeploymentID>) {
        let files = FileManager.default
        // On a first start the folder does not exist.
        for name in (try? files.contentsOfDirectory(atPath: folder)) ?? [] {
            let owner = DeploymentID(String(name.prefix { $0 != "." }))
            if let owner, ids.contains(owner) { continue }
            // If that fails, the next start tries again.
            try? files.removeItem(atPath: "\(folder)/\(name)")
        }
    }

    private func write(_ text: String, to path: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw switch errno {
            case ENOSPC, EDQUOT: CocoaError(.fileWriteOutOfSpace)
            case EROFS: CocoaError(.fileWriteVolumeReadOnly)
            default: POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
            }
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try file.write(contentsOf: Data(text.utf8))
        } catch {
            // The part that was written may contain part of a secret.
            try? FileManager.default.removeItem(atPath: path)
            throw error
        }
    }
}

extension JournalError {
    /// The error of a private file that could not be written.
    init(_ error: any Error, writingInto folder: String) {
        let code: Code =
            switch (error as? CocoaError)?.code {
            case .fileWriteOutOfSpace: .diskFull
            case .fileWriteVolumeReadOnly: .readOnly
            default: .other(0)
            }
        self.init(
            code: code,
            operation: "write into \(folder)",
            message: error.localizedDescription
        )
    }
}
