import Deployments

extension ContainerMount {
    private var type: String {
        if case .folder = source { "bind" } else { "volume" }
    }

    private var name: String? {
        switch source {
        case .volume(let name): name
        case .folder(let path): path
        case .temporary: nil
        }
    }

    /// The option of the client, which reads its fields as a line of comma-separated values.
    var option: String {
        var fields = ["type=\(type)"]
        if let name { fields.append("source=\(name)") }
        fields.append("target=\(target)")
        if isReadOnly { fields.append("readonly") }
        return "--mount=" + fields.map(commaSeparated).joined(separator: ",")
    }

    var engineJSON: JSONValue {
        var members = [
            JSONMember("Type", .string(type)), JSONMember("Target", .string(target)),
        ]
        if let name { members.append(JSONMember("Source", .string(name))) }
        if isReadOnly { members.append(JSONMember("ReadOnly", .bool(true))) }
        return .object(members)
    }
}

extension ContainerSettings.Graphics {
    var option: String {
        var fields: [String] = []
        if let driver { fields.append("driver=\(driver)") }
        fields.append(
            devices.isEmpty
                ? "count=\(count < 0 ? "all" : String(count))"
                : "device=\(devices.joined(separator: ","))"
        )
        return fields.map(commaSeparated).joined(separator: ",")
    }

    var engineJSON: JSONValue {
        .array([
            [
                "Driver": .string(driver ?? ""),
                "Count": .integer(devices.isEmpty ? count : 0),
                "DeviceIDs": devices.isEmpty ? .null : .strings(devices),
                "Capabilities": .array([.strings(["gpu"])]),
                "Options": [:],
            ]
        ])
    }
}

/// A field of a line of comma-separated values (RFC 4180).
///
/// It goes by bytes, as the client does. A comma with a combining mark is another `Character`.
private func commaSeparated(_ field: String) -> String {
    let (quote, comma) = (UInt8(ascii: "\""), UInt8(ascii: ","))
    guard field.utf8.contains(where: { $0 == quote || $0 == comma }) else { return field }
    let bytes = [quote] + field.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
    return String(decoding: bytes, as: UTF8.self)
}
