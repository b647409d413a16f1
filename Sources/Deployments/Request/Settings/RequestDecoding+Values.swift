/// Decodes values that several settings have in common.
extension RequestDecoding {
    /// Decodes `true` or `false`; nil if the field is missing or has a fault.
    mutating func boolean(_ value: JSONValue?, _ field: String) -> Bool? {
        guard let value else { return nil }
        guard let bool = value.bool else {
            fault(field, "must be true or false, not \(value.kind)")
            return nil
        }
        return bool
    }

    /// Decodes a whole number within a range; nil if the field is missing or has a fault.
    mutating func integer(
        _ value: JSONValue?,
        _ field: String,
        in range: ClosedRange<Int64>
    ) -> Int64? {
        guard let value else { return nil }
        guard let number = value.integer, range.contains(number) else {
            fault(field, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    /// Decodes a number of seconds as milliseconds; nil if the field is missing or has a fault.
    mutating func milliseconds(
        _ value: JSONValue?,
        _ field: String,
        in range: ClosedRange<Double>
    ) -> Int64? {
        guard let value else { return nil }
        guard let seconds = value.number, range.contains(seconds) else {
            let bounds = "\(Int64(range.lowerBound)) to \(Int64(range.upperBound))"
            fault(field, "must be a number of seconds from \(bounds)")
            return nil
        }
        return Int64((seconds * 1000).rounded())
    }

    /// Decodes a number of bytes in the form of `memory`; nil if the field is missing or has a
    /// fault.
    mutating func bytes(_ value: JSONValue?, _ field: String) -> Int64? {
        guard let value else { return nil }
        guard let bytes = value.integer ?? value.string.flatMap(DeploymentRequest.memoryBytes),
            bytes > 0
        else {
            fault(
                field,
                "must be a whole number of bytes, or one with b, k, m or g, as in \"64m\" or \"1g\""
            )
            return nil
        }
        return bytes
    }

    /// Decodes a text of at most `most` bytes without control characters; nil if the field is
    /// missing or has a fault.
    mutating func line(_ value: JSONValue?, _ field: String, most: Int = 4000) -> String? {
        guard let text = string(value, field) else { return nil }
        guard (1...most).contains(text.utf8.count), Self.isLine(text) else {
            fault(
                field,
                "must have 1 to \(most) bytes, and no line break or other control character"
            )
            return nil
        }
        return text
    }

    static func isLine(_ text: String) -> Bool {
        !text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
    }

    /// The greatest number of elements of a list in the settings.
    static let listLimit = 100

    /// The elements of a list, if it is given; anything but an array is a fault.
    mutating func elements(_ value: JSONValue?, _ field: String, _ example: String) -> [JSONValue] {
        guard let value else { return [] }
        guard let elements = value.elements else {
            fault(field, "must be an array, not \(value.kind): \(example)")
            return []
        }
        guard elements.count <= Self.listLimit else {
            fault(field, "must not have more than \(Self.listLimit) elements")
            return []
        }
        return elements
    }

    /// The members of an object, if it is given; there may be as many as elements of a list.
    mutating func table(_ value: JSONValue?, _ field: String) -> [JSONMember] {
        guard let members = object(value, field) else { return [] }
        guard members.count <= Self.listLimit else {
            fault(field, "must not have more than \(Self.listLimit) members")
            return []
        }
        return members
    }

    /// Decodes a list of texts that follow the rule. If `single` is true, one text is allowed, too.
    mutating func list(
        _ field: String,
        _ example: String,
        single: Bool = false,
        in members: [JSONMember]? = nil,
        path: String = "",
        rule: String,
        _ isRight: (String) -> Bool
    ) -> [String] {
        let value = Self.given(field, in: members ?? self.members)
        let field = path + field
        if single, let value, value.string != nil {
            return checked(value, field, rule, isRight).map { [$0] } ?? []
        }
        var list: [String] = []
        for (index, element) in elements(value, field, example).enumerated() {
            if element.isNull { fault("\(field)[\(index)]", "must be a string, not null") }
            guard !element.isNull,
                let text = checked(element, "\(field)[\(index)]", rule, isRight)
            else { continue }
            if !list.contains(text) { list.append(text) }
        }
        return list
    }

    private mutating func checked(
        _ value: JSONValue,
        _ field: String,
        _ rule: String,
        _ isRight: (String) -> Bool
    ) -> String? {
        guard let text = string(value, field) else { return nil }
        guard isRight(text) else {
            fault(field, rule)
            return nil
        }
        return text
    }

    /// Decodes an absolute path with single slashes; nil if the field is missing or has a fault.
    ///
    /// The path is read by bytes, as the engine does: a slash counts even if a combining accent
    /// follows.
    mutating func absolutePath(
        _ value: JSONValue?,
        _ field: String,
        _ example: String,
        allowsRoot: Bool = false
    ) -> String? {
        guard let text = string(value, field) else { return nil }
        let parts = text.utf8.split(separator: UInt8(ascii: "/"))
            .map { String(decoding: $0, as: UTF8.self) }
            .filter { $0 != "." }
        if text.utf8.first != UInt8(ascii: "/") {
            fault(field, "must be an absolute path: \(example)")
        } else if parts.contains("..") {
            fault(field, "must not contain '..'")
        } else if parts.isEmpty, !allowsRoot {
            fault(field, "must name a folder below /")
        } else if !Self.isLine(text) {
            fault(field, "must not contain line breaks or other control characters")
        } else if text.utf8.count > 4000 {
            fault(field, "must not be longer than 4,000 bytes")
        } else {
            return "/" + parts.joined(separator: "/")
        }
        return nil
    }
}

extension String {
    /// Splits the text at an ASCII sign into at most `most` parts. It is split by bytes, as docker
    /// does, because a sign may form one character together with a combining mark.
    func bytewise(_ sign: Unicode.Scalar, most: Int = .max) -> [String] {
        utf8.split(
            separator: UInt8(ascii: sign),
            maxSplits: most - 1,
            omittingEmptySubsequences: false
        ).map { String(decoding: $0, as: UTF8.self) }
    }
}
