extension JSONValue {
    /// The SHA-256 hash, in hexadecimal digits, of a text that is the same whatever the order of
    /// members, the blanks between them, and the way a number was written.
    public var fingerprint: String {
        SHA256.hexadecimal(Array(canonical.text.utf8))
    }

    /// The value with every object's members in the order of their names' bytes.
    private var canonical: JSONValue {
        switch self {
        case .decimal(let text):
            let value = DecimalValue(text)
            return value.integer.map { .integer($0) }
                ?? .decimal(value.text(near: Double(text) ?? 0))
        case .array(let elements):
            return .array(elements.map(\.canonical))
        case .object(let members):
            let sorted = members.sorted { left, right in
                left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
            }
            return .object(sorted.map { JSONMember($0.name, $0.value.canonical) })
        case .null, .bool, .integer, .string:
            return self
        }
    }
}
