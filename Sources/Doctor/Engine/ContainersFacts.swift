internal import Deployments
internal import Journal
internal import SQLiteStore

/// The containers that carry Slipway's labels and that the journal does not know. They belong to another
/// server on the engine, or are copies, or are left over from a journal that was lost.
struct ContainersFacts: Sendable, Equatable {
    /// The names of these containers.
    var strangers: [String]

    /// Looks the containers up in the journal; nil if there are none, or the journal cannot be read.
    static func gather(_ containers: [ContainerClaim], dataFolder: String) -> ContainersFacts? {
        guard !containers.isEmpty,
            // There is another finding for what is wrong with the database.
            let strangers = try? DatabaseInspection.strangers(
                among: containers,
                directory: dataFolder
            )
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
            "Leave those of another server alone; remove what a lost journal has left by docker rm."
        )
    }
}
