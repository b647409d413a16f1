internal import Glibc

/// The user that this process runs as.
struct UserFacts: Sendable {
    var number: UInt32
    /// The user's name; `user 1000` if the number has none.
    var name: String

    var finding: Finding {
        guard number == 0 else { return .ok(.user, "Runs as \(name).") }
        return .warning(
            .user,
            "Runs as root, which is more than is needed.",
            "Use a user of its own that is in the group of the engine's socket."
        )
    }

    /// Looks up the effective user of this process.
    static func gather() -> UserFacts {
        let number = geteuid()
        let entry = unsafe getpwuid(number)
        let name = unsafe entry.map { unsafe String(cString: $0.pointee.pw_name) }
        return UserFacts(number: number, name: name ?? "user \(number)")
    }
}
