import Deployments
public import Engine
import Numbers

extension ContainerEvent {
    /// Docker's words for the events that are asked for. Health check executions are left out: there are
    /// so many that they would push everything else out of the engine's memory.
    static let actions = [
        "start", "die", "kill", "destroy", "health_status", "pause", "unpause",
    ]

    /// Reads one line of `docker events`; nil if it is not about a container.
    public init?(line: [UInt8]) {
        guard let json = try? JSONValue(parsing: line) else { return nil }
        guard json["Type"]?.string == "container", let action = json["Action"]?.string,
            let actor = json["Actor"], let id = actor["ID"]?.string
        else { return nil }
        var attributes: [String: String] = [:]
        for member in actor["Attributes"]?.members ?? [] {
            attributes[member.name] = member.value.string
        }
        let seconds = json["time"]?.saturatedInteger ?? 0
        let nanoseconds = json["timeNano"]?.saturatedInteger
        self.init(
            Kind(action: action, attributes),
            containerID: id,
            attributes: attributes,
            time: EventTime(
                nanoseconds: nanoseconds ?? seconds.multipliedSaturated(by: 1_000_000_000)
            )
        )
    }
}

extension ContainerEvent.Kind {
    /// SIGINT, SIGQUIT, SIGKILL and SIGTERM.
    private static let endingSignals: Set<String> = ["2", "3", "9", "15"]

    fileprivate init(action: String, _ attributes: [String: String]) {
        // `health_status: healthy`
        let parts = action.split(separator: ":", maxSplits: 1)
        let word = parts.first.map(String.init) ?? action
        self =
            switch word {
            case "start": .started
            case "die": .ended(exitCode: attributes["exitCode"].flatMap { Int($0) })
            case "kill":
                .signalled(isEnding: attributes["signal"].map(Self.endingSignals.contains) ?? false)
            case "destroy": .removed
            case "health_status":
                .healthChanged(
                    to: parts.count > 1
                        ? Container.Health(rawValue: String(parts[1].drop { $0 == " " })) : nil
                )
            case "pause": .paused
            case "unpause": .resumed
            default: .other(word)
            }
    }
}
