internal import Deployments
internal import Journal
internal import SQLiteStore

/// The containers that carry Slipway's labels and are not known to the journal: those of another
/// server on the engine, copies, or what a journal that was lost has left behind.
struct ContainersFacts: Sendable, Equatable {
    /// Their names.
    var strangers: [String]

    /// Nil if nothing can be told of them.
    static func look(_ containers: [ContainerClaim], dataFolder: String) -> ContainersFacts? {
        guard !containers.isEmpty,
            // What is wrong with the database is told elsewhere.
            let strangers = try? DatabaseLook.strangers(among: containers, directory: dataFolder)
        else { return nil }
        return ContainersFacts(strangers: strangers.map(\.name).sorted())
    }

    var finding: Finding {
        guard !strangers.isEmpty else {
            return .ok(.containers, "The journal knows every container with Slipway's labels.")
        }
        let shown = strangers.prefix(5).joined(separator: ", ")
        let more = strangers.count > 5 ? " and \(strangers.count - 5) more" : ""
        return .warning(
            .containers,
            "The journal does not know containers with Slipway's labels: \(shown)\(more).",
            "Another server's are its own; what a lost journal has left, docker rm removes."
        )
    }
}
