import Deployments

/// A JSON object to which members are added one by one, at any depth.
struct JSONTree {
    private indirect enum Node {
        case value(JSONValue)
        case tree(JSONTree)
    }

    private var members: [(name: String, node: Node)] = []

    mutating func set(_ place: [String], _ value: JSONValue) {
        guard let name = place.first else { return }
        let index = members.firstIndex { $0.name == name }
        guard place.count > 1 else {
            members.append((name, .value(value)))
            return
        }
        var tree = JSONTree()
        if let index, case .tree(let known) = members[index].node { tree = known }
        tree.set(Array(place.dropFirst()), value)
        if let index {
            members[index].node = .tree(tree)
        } else {
            members.append((name, .tree(tree)))
        }
    }

    var json: JSONValue {
        .object(
            members.map { member in
                switch member.node {
                case .value(let value): JSONMember(member.name, value)
                case .tree(let tree): JSONMember(member.name, tree.json)
                }
            }
        )
    }
}
