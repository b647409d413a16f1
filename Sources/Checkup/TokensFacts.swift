internal import Foundation
internal import Glibc

/// The file of the tokens.
struct TokensFacts: Sendable {
    var path: String
    var state: State

    /// What there is at the path.
    enum State: Sendable, Hashable {
        /// It cannot be read for that reason.
        case unreadable(errno: Int32)
        /// The permission bits of its mode, whether the system keeps others out in a way that the
        /// mode does not show, and what is wrong with its content.
        case readable(mode: UInt32, isCredential: Bool, fault: String?)
    }

    var finding: Finding {
        switch state {
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

    /// The file as it is now.
    ///
    /// - Parameters:
    ///   - credentials: the folder in which a service manager hands over secrets. A file there may
    ///     show a group that can read it, which stands for the one user that the manager let in.
    ///   - fault: what is wrong with the content, in words; nil where nothing is.
    static func look(
        _ path: String,
        credentials: String?,
        fault: ([UInt8]) -> String?
    ) -> TokensFacts {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            return TokensFacts(path: path, state: .unreadable(errno: errno))
        }
        if let number = FolderAccess.fault(path, .read) {
            return TokensFacts(path: path, state: .unreadable(errno: number))
        }
        guard let content = FileManager.default.contents(atPath: path) else {
            return TokensFacts(path: path, state: .unreadable(errno: EISDIR))
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
