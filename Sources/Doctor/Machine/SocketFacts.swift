internal import Glibc

/// The Unix socket of an engine, and who may use it.
struct SocketFacts: Sendable {
    var path: String
    /// The socket's group; nil if there is no socket, or it cannot be seen.
    var group: Group?
    /// Whether this process may not enter a folder of the path.
    var isHidden = false
    /// Whether this process may connect to it.
    var isUsable: Bool

    /// A group of users.
    struct Group: Sendable {
        var number: UInt32
        /// The group's name; nil if the number has none.
        var name: String?
        /// The names of its members.
        var members: [String]
        /// Whether its members may use the socket.
        var isAdmitted: Bool
    }

    /// What keeps the user out, and what to do about it.
    func trouble(for user: UserFacts) -> (message: String, advice: String) {
        guard let group else {
            if isHidden {
                return (
                    "\(user.name) may not enter a folder on the way to \(path).",
                    "Let the server's user enter it, or name another engine with --docker-host."
                )
            }
            return (
                "There is no socket \(path).",
                "Start the engine, or name it with --docker-host or --docker-context."
            )
        }
        let name = group.name ?? String(group.number)
        guard group.isAdmitted, group.number != 0 else {
            return (
                "The socket \(path) is root's alone.",
                "Give it to a group, such as docker, and let \(user.name) be in it."
            )
        }
        let message = "\(user.name) may not use \(path): only the group \(name) may."
        if group.members.contains(user.name) {
            return (
                message,
                "\(user.name) has been put into it: log in again, or start the service again."
            )
        }
        guard let known = group.name else {
            return (
                message,
                "Start it with that group: in a container --group-add \(group.number)."
            )
        }
        return (
            message,
            "As root: usermod -aG \(known) \(user.name), then log in again; for a service"
                + " SupplementaryGroups=\(known); in a container --group-add \(group.number)."
        )
    }

    /// Looks at the socket at this path.
    static func gather(_ path: String) -> SocketFacts {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
            let isHidden = FolderAccess.fault(path, []) == EACCES
            return SocketFacts(path: path, group: nil, isHidden: isHidden, isUsable: false)
        }
        let entry = unsafe getgrgid(status.st_gid)
        var members: [String] = []
        if let list = unsafe entry?.pointee.gr_mem {
            var index = 0
            while let member = unsafe list[index] {
                members.append(unsafe String(cString: member))
                index += 1
            }
        }
        return SocketFacts(
            path: path,
            group: Group(
                number: status.st_gid,
                name: unsafe entry.map { unsafe String(cString: $0.pointee.gr_name) },
                members: members,
                isAdmitted: status.st_mode & 0o060 == 0o060
            ),
            isUsable: unsafe access(path, R_OK | W_OK) == 0
        )
    }
}
