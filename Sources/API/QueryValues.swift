import Deployments
import HTTP

/// The query of a request, read strictly: what is not a value of its kind is a fault.
struct QueryValues {
    private let request: Request
    private(set) var faults: [FieldFault] = []

    init(_ request: Request) {
        self.request = request
    }

    /// A whole number within bounds; nil where it is not given.
    mutating func integer(_ name: String, in bounds: ClosedRange<Int64>) -> Int64? {
        guard let text = request.queryValue(name) else { return nil }
        if let value = Self.digits(text), bounds.contains(value) { return value }
        faults.append(
            FieldFault(
                field: name,
                message: "must be a whole number from \(bounds.lowerBound) to \(bounds.upperBound)"
            )
        )
        return nil
    }

    /// `true` or `false`; nil where it is not given.
    mutating func flag(_ name: String) -> Bool? {
        guard let text = request.queryValue(name) else { return nil }
        if let value = Bool(text) { return value }
        faults.append(FieldFault(field: name, message: "must be true or false"))
        return nil
    }

    /// A number of digits alone: no sign, no blank.
    static func digits(_ text: String) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int64(text)
    }
}
