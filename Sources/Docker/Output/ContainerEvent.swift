import Deployments
import Numbers

/// Something that happened to a container.
public struct ContainerEvent: Sendable, Equatable {
    /// The word: `start`, `die`, `health_status`, …
    public var action: String
    /// What follows the word: the status of `health_status: healthy`.
    public var argument: String?
    /// All 64 characters.
    public var containerID: String
    /// The container's labels, its `name` and `image`, and what the action adds.
    public var attributes: [String: String]
    /// When it happened by the engine's clock.
    public var time: EventTime

    /// The exit status that a `die` tells.
    public var exitCode: Int? { attributes["exitCode"].flatMap { Int($0) } }

    /// Reads one line of `docker events`; nil if it is no container's event.
    public init?(line: [UInt8]) {
        guard let json = try? JSONValue(parsing: line) else { return nil }
        guard json["Type"]?.string == "container", let action = json["Action"]?.string,
            let actor = json["Actor"], let id = actor["ID"]?.string
        else { return nil }
        let parts = action.split(separator: ":", maxSplits: 1)
        self.action = parts.first.map(String.init) ?? action
        argument = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : nil
        containerID = id
        attributes = [:]
        for member in actor["Attributes"]?.members ?? [] {
            attributes[member.name] = member.value.string
        }
        let seconds = json["time"]?.saturatedInteger ?? 0
        let nanoseconds = json["timeNano"]?.saturatedInteger
        time = EventTime(
            nanoseconds: nanoseconds ?? seconds.multipliedSaturated(by: 1_000_000_000)
        )
    }
}
