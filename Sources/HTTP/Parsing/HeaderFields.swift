/// Header fields in the order in which they came; names are compared without case.
public struct HeaderFields: Sendable, Hashable, Sequence, ExpressibleByDictionaryLiteral {
    /// One field line.
    public struct Field: Sendable, Hashable {
        /// The name as it was written.
        public let name: String
        /// The value without the blanks around it.
        public let value: String
    }

    private var fields: [Field] = []

    /// No fields.
    public init() {}

    /// The fields of the pairs, in their order.
    public init(_ pairs: [(String, String)]) {
        fields = pairs.map { Field(name: $0.0, value: $0.1) }
    }

    /// The fields of the literal, in its order.
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements)
    }

    /// How many field lines there are.
    public var count: Int { fields.count }

    /// The field's values, joined with a comma and a blank (RFC 9110 section 5.3); nil without the
    /// field. Setting puts one line in the place of all; setting nil removes them.
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

    /// The values of the field's lines, one an element.
    public func values(_ name: String) -> [String] {
        fields.filter { Self.isSame($0.name, name) }.map(\.value)
    }

    /// Whether the field is there, if only with an empty value.
    public func contains(_ name: String) -> Bool {
        fields.contains { Self.isSame($0.name, name) }
    }

    /// Adds a line after the others.
    public mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// Puts one line in the place of all of that name.
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
