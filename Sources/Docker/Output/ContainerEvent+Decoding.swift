import Deployments
public import Engine
import Numbers

extension ContainerEvent {
    /// Reads one line of `docker events`; nil if it is no container's event.
    public init?(line: [UInt8]) {
        guard let json = try? JSONValue(parsing: line) else { return nil }
        guard json["Type"]?.string == "container", let action = json["Action"]?.string,
            let actor = json["Actor"], let id = actor["ID"]?.string
        else { return nil }
        let parts = action.split(separator: ":", maxSplits: 1)
        var attributes: [String: String] = [:]
        for member in actor["Attributes"]?.members ?? [] {
            attributes[member.name] = member.value.string
        }
        let seconds = json["time"]?.saturatedInteger ?? 0
        let nanoseconds = json["timeNano"]?.saturatedInteger
        self.init(
            action: parts.first.map(String.init) ?? action,
            argument: parts.count > 1 ? String(parts[1].drop { $0 == " " }) : nil,
            containerID: id,
            attributes: attributes,
            time: EventTime(
                nanoseconds: nanoseconds ?? seconds.multipliedSaturated(by: 1_000_000_000)
            )
        )
    }
}
