/// Header fields in the order in which they came. The case of names does not matter.
public struct HeaderFields: Sendable, Hashable, Sequence, ExpressibleByDictionaryLiteral {
    /// One field line.
    public struct Field: Sendable, Hashable {
        /// The name as it was written.
        public let name: String
        /// The value without the blanks around it.
        public let value: String
    }

    private var fields: [Field] = []

    /// Creates an empty list of fields.
    public init() {}

    /// Creates the fields of the pairs, in their order.
    public init(_ pairs: [(String, String)]) {
        fields = pairs.map { Field(name: $0.0, value: $0.1) }
    }

    /// Creates the fields of the literal, in its order.
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements)
    }

    /// The number of field lines.
    public var count: Int { fields.count }

    /// The field's values, joined with a comma and a blank (RFC 9110 section 5.3); nil without the
    /// field. Setting a value replaces all lines of the field by one; setting nil removes them.
    public subscript(name: String) -> String? {
        get {
            var result: String?
            for field in fields where Self.isSame(field.name, name) {
                if let earlier = result {
                    result = earlier + ", " + field.value
                } else {
                    result = field.value
                }
            }
            return result
        }
        set {
            fields.removeAll { Self.isSame($0.name, name) }
            if let newValue { add(name, newValue) }
        }
    }

    /// The values of the field's lines, one for each line.
    public func values(_ name: String) -> [String] {
        fields.filter { Self.isSame($0.name, name) }.map(\.value)
    }

    /// Whether the field is there, even if its value is empty.
    public func contains(_ name: String) -> Bool {
        fields.contains { Self.isSame($0.name, name) }
    }

    /// Adds a line after the others.
    public mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// Replaces all lines of that name by one.
    public mutating func set(_ name: String, _ value: String) {
        self[name] = value
    }

    /// The lines, one after the other.
    public func makeIterator() -> IndexingIterator<[Field]> {
        fields.makeIterator()
    }

    static func isSame(_ left: String, _ right: String) -> Bool {
        let (left, right) = (left.utf8, right.utf8)
        return left.count == right.count
            && zip(left, right).allSatisfy { Bytes.lowercased($0) == Bytes.lowercased($1) }
    }
}
