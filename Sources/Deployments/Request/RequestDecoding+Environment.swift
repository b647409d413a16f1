extension RequestDecoding {
    mutating func environmentValues() -> [String: String] {
        var values: [String: String] = [:]
        for member in object(given("env_vars"), "env_vars") ?? [] {
            let field = "env_vars.\(member.name.excerpt)"
            guard Self.isVariable(member.name) else {
                fault(
                    field,
                    """
                    must have a name of letters, digits, '_', '.' and '-', beginning with a letter \
                    or '_'
                    """
                )
                continue
            }
            if let value = variable(member.value, field) { values[member.name] = value }
        }
        return values
    }

    /// Decodes a variable's value, which must not exceed what the kernel passes on.
    mutating func variable(_ value: JSONValue, _ field: String) -> String? {
        guard let text = value.string else {
            fault(field, "must be a string, not \(value.kind): put the value in quotes")
            return nil
        }
        let bytes = text.utf8
        if bytes.contains(0) {
            fault(field, "must not contain a null character")
        } else if bytes.count > Self.wordLimit {
            fault(field, Self.tooLong(bytes.count))
        } else {
            return text
        }
        return nil
    }

    private static func isVariable(_ name: String) -> Bool {
        guard let first = name.utf8.first, !first.isDigit, name.utf8.count <= 255 else {
            return false
        }
        return (first.isAlphanumeric || first == UInt8(ascii: "_"))
            && name.utf8.allSatisfy(\.isNameByte)
    }
}
