internal import Foundation
internal import Glibc

/// The file with the tokens.
struct TokensFacts: Sendable {
    var path: String
    var state: State

    /// What is at the path.
    enum State: Sendable, Hashable {
        /// The file cannot be read.
        case unreadable(errno: Int32)
        /// There is a folder, a pipe or a device.
        case noFile
        /// The file is longer than the server reads.
        case tooLong
        /// The file can be read. `mode` has its permission bits, `isCredential` says whether the system
        /// keeps others out in a way that the mode does not show, and `fault` says what is wrong with the
        /// content.
        case readable(mode: UInt32, isCredential: Bool, fault: String?)
    }

    /// The most bytes of the file that the server reads.
    private static let mostBytes = 1 << 20

    var finding: Finding {
        switch state {
        case .noFile:
            return .wrong(.tokens, "\(path) is not a file.", "slipway help serve tells its form.")
        case .tooLong:
            return .wrong(
                .tokens,
                "\(path) is longer than \(Self.mostBytes) bytes.",
                "slipway help serve tells its form."
            )
        case .unreadable(let number):
            return .wrong(
                .tokens,
                "\(path) cannot be read: \(FolderAccess.words(number)).",
                "Let it belong to the server's user, with mode 0600."
            )
        case .readable(_, _, let fault?):
            return .wrong(.tokens, "\(path): \(fault).", "slipway help serve tells its form.")
        case .readable(let mode, let isCredential, nil):
            guard mode & 0o077 == 0 || isCredential else {
                return .wrong(
                    .tokens,
                    "\(path) is open to others (mode \(String(mode, radix: 8))).",
                    "chmod 600 \(path)"
                )
            }
            return .ok(.tokens, "\(path).")
        }
    }

    /// Looks at the file.
    ///
    /// - Parameters:
    ///   - credentials: the folder in which a service manager hands over secrets. A file there may seem to
    ///     be readable for a group, which stands for the one user that the manager let in.
    ///   - fault: says what is wrong with the content; nil if nothing is.
    static func gather(
        _ path: String,
        credentials: String?,
        fault: ([UInt8]) -> String?
    ) -> TokensFacts {
        // It is opened only once. If it is a pipe, nobody needs to write into it.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            return TokensFacts(path: path, state: .unreadable(errno: errno))
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            return TokensFacts(path: path, state: .unreadable(errno: errno))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            return TokensFacts(path: path, state: .noFile)
        }
        guard let content = try? file.read(upToCount: mostBytes + 1) ?? Data() else {
            return TokensFacts(path: path, state: .unreadable(errno: EIO))
        }
        guard content.count <= mostBytes else {
            return TokensFacts(path: path, state: .tooLong)
        }
        let isCredential = credentials.map { path.hasPrefix($0 + "/") } ?? false
        return TokensFacts(
            path: path,
            state: .readable(
                mode: UInt32(status.st_mode) & 0o777,
                isCredential: isCredential,
                fault: fault(Array(content))
            )
        )
    }
}
