/// The owner of a file in a container, as the numbers of its user and group.
struct FileOwner: Sendable, Equatable {
    var user: UInt32
    var group: UInt32

    static let root = FileOwner(user: 0, group: 0)

    init(user: UInt32, group: UInt32) {
        self.user = user
        self.group = group
    }

    /// Reads `1000` or `1000:1000`; nil if there are names.
    init?(_ text: String) {
        let parts = text.split(separator: ":")
        guard let user = parts.first.flatMap({ UInt32($0) }) else { return nil }
        guard parts.count > 1 else {
            self.init(user: user, group: 0)
            return
        }
        guard let group = UInt32(parts[1]) else { return nil }
        self.init(user: user, group: group)
    }
}
