import Deployments
import HTTP

/// Reads the query of a request strictly: a value of the wrong kind is a fault.
struct QueryValues {
    private let request: Request
    private(set) var faults: [FieldFault] = []

    init(_ request: Request) {
        self.request = request
    }

    /// Creates a reader of a query in which only these names may occur, each once.
    init(_ request: Request, allowing names: [String]) {
        self.request = request
        var counts: [String: Int] = [:]
        for item in request.query {
            counts[item.name, default: 0] += 1
            if !names.contains(item.name), counts[item.name] == 1 {
                faults.append(
                    FieldFault(
                        field: item.name.excerpt,
                        message: "is not a parameter of this request"
                    )
                )
            } else if names.contains(item.name), counts[item.name] == 2 {
                faults.append(FieldFault(field: item.name, message: "is given twice"))
            }
        }
    }

    /// A text that must not be empty; nil if it is not given.
    mutating func text(_ name: String) -> String? {
        value(name, "must not be empty") { $0.isEmpty ? nil : $0 }
    }

    /// A whole number within bounds; nil if it is not given.
    mutating func integer(_ name: String, in bounds: ClosedRange<Int64>) -> Int64? {
        let message = "must be a whole number from \(bounds.lowerBound) to \(bounds.upperBound)"
        return value(name, message) { text in
            Self.digits(text).flatMap { bounds.contains($0) ? $0 : nil }
        }
    }

    /// The result of `read` for the text; nil if the text is not given. If `read` returns nil, that
    /// is a fault with `message`.
    mutating func value<Value>(
        _ name: String,
        _ message: String,
        _ read: (String) -> Value?
    ) -> Value? {
        guard let text = request.queryValue(name) else { return nil }
        if let value = read(text) { return value }
        faults.append(FieldFault(field: name, message: message))
        return nil
    }

    /// `true` or `false`; nil if it is not given.
    mutating func flag(_ name: String) -> Bool? {
        guard let text = request.queryValue(name) else { return nil }
        if let value = Bool(text) { return value }
        faults.append(FieldFault(field: name, message: "must be true or false"))
        return nil
    }

    /// Parses a number that consists only of digits, without a sign or a blank.
    static func digits(_ text: String) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int64(text)
    }
}
