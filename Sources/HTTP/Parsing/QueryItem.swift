/// One `name=value` of a query, both decoded: escapes, and a plus sign as a blank.
public struct QueryItem: Hashable, Sendable {
    /// The name.
    public let name: String
    /// The value; empty if there was none.
    public let value: String

    /// An item of decoded text.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}
