import Deployments

/// The lines for an event's detail, one per member.
enum DetailLines {
    static func lines(_ members: [JSONMember], indent: Int, _ style: TextStyle) -> [String] {
        var block = FieldBlock()
        let detail = JSONValue.object(members)
        for member in members {
            switch member.name {
            case "bytes_done":
                block.add("bytes", Transfer(detail)?.amount ?? text(member.value))
            case "bytes_total":
                guard detail["bytes_done"] == nil else { continue }
                block.add("bytes", member.value.integer.map { byteText($0) })
            case "bytes_per_second":
                block.add("rate", member.value.integer.map { "\(byteText($0))/s" })
            case "eta_seconds":
                block.add("time left", Transfer(detail)?.timeLeft ?? text(member.value))
            case "ports":
                block.add("ports", ports(member.value))
            case "layers_done":
                let total = detail["layers_total"].map { " of \(text($0))" }
                block.add("layers", "\(text(member.value))\(total ?? "")")
            case "layers_total":
                guard detail["layers_done"] == nil else { continue }
                block.add("layers", text(member.value))
            case "output":
                block.add("output", quoted: (member.value.elements ?? []).map(text))
            default:
                let name = member.name.split(separator: "_").joined(separator: " ")
                block.add(name, text(member.value))
            }
        }
        return block.lines(indent: indent, style)
    }

    /// The host's ports or, if the ports are probed, whether they are healthy.
    private static func ports(_ value: JSONValue) -> String {
        guard let members = value.members else { return text(value) }
        return members.map { port in
            let standing = port.value.bool.map { $0 ? "healthy" : "not healthy yet" }
            return "\(port.name) \(standing ?? text(port.value))"
        }
        .joined(separator: ", ")
    }

    /// A value as one line: `frontend 32768, backend 32769`.
    static func text(_ value: JSONValue) -> String {
        switch value {
        case .null: "-"
        case .bool(let value): value ? "yes" : "no"
        case .string(let value): value
        case .integer, .decimal: value.text
        case .array(let elements): elements.map(text).joined(separator: ", ")
        case .object(let members):
            members.map { "\($0.name) \(text($0.value))" }.joined(separator: ", ")
        }
    }
}
