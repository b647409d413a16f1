internal import Glibc

/// Whose process this is.
struct UserFacts: Sendable {
    var number: UInt32
    /// The user's name; the number where it has none.
    var name: String
    /// Of the process.
    var groups: Set<UInt32>

    var finding: Finding {
        guard number == 0 else { return .ok(.user, "Runs as \(name).") }
        return .warning(
            .user,
            "Runs as root, which is more than is needed.",
            "Use a user of its own that is in the group of the engine's socket."
        )
    }

    /// The user that this process acts as.
    static func look() -> UserFacts {
        let number = geteuid()
        var groups = unsafe [gid_t](unsafeUninitializedCapacity: 65_536) { buffer, count in
            count = Int(max(0, unsafe getgroups(65_536, buffer.baseAddress)))
        }
        groups.append(getegid())
        let entry = unsafe getpwuid(number)
        let name = unsafe entry.map { unsafe String(cString: $0.pointee.pw_name) }
        return UserFacts(
            number: number,
            name: name ?? "user \(number)",
            groups: Set(groups)
        )
    }
}
