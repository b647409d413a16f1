/// One `name=value` of a query. In both, escapes are decoded and a plus sign is read as a blank.
public struct QueryItem: Hashable, Sendable {
    /// The name.
    public let name: String
    /// The value; empty if there was none.
    public let value: String

    /// Creates an item from decoded text.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}
