import Deployments
import HTTP

/// The query of a request, read strictly: what is not a value of its kind is a fault.
struct QueryValues {
    private let request: Request
    private(set) var faults: [FieldFault] = []

    init(_ request: Request) {
        self.request = request
    }

    /// A query that may hold these names alone, each once.
    init(_ request: Request, allowing names: [String]) {
        self.request = request
        var counts: [String: Int] = [:]
        for item in request.query {
            counts[item.name, default: 0] += 1
            if !names.contains(item.name), counts[item.name] == 1 {
                faults.append(FieldFault(field: item.name.excerpt, message: "is not known here"))
            } else if names.contains(item.name), counts[item.name] == 2 {
                faults.append(FieldFault(field: item.name, message: "is given twice"))
            }
        }
    }

    /// A text that is not empty; nil if it is not given.
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

    /// What `read` makes of the text, which is a fault with `message` where that is nothing; nil
    /// where it is not given.
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

    /// A number of digits alone: no sign, no blank.
    static func digits(_ text: String) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int64(text)
    }
}
