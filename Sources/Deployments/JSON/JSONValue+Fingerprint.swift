extension JSONValue {
    /// The SHA-256 hash of the value, in hexadecimal digits. It does not depend on the order of
    /// members, on the blanks between them, or on the way in which a number is written.
    public var fingerprint: String {
        SHA256.hexadecimal(Array(canonical.text.utf8))
    }

    /// The value with the members of every object sorted by the bytes of their names.
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
