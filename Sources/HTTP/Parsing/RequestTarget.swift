/// A parsed request target (RFC 9112 section 3.2).
struct RequestTarget: Hashable, Sendable {
    /// The path before decoding; `*` for the asterisk-form.
    var path: String
    var segments: [String]
    var query: [QueryItem]
    /// The authority of the absolute-form, which replaces the Host field.
    var authority: String?

    /// Parses the origin-form, the absolute-form and, for OPTIONS, the asterisk-form.
    init(_ text: String, method: Method) throws(RequestError) {
        if text == "*" {
            guard method == .options else {
                throw .malformed("Only OPTIONS may have the target *.")
            }
            (path, segments, query, authority) = ("*", [], [], nil)
            return
        }
        var rest = text[...]
        if !text.utf8.starts(with: "/".utf8) {
            (authority, rest) = try Self.splitAbsolute(text)
        }
        let question = rest.utf8.firstIndex(of: UInt8(ascii: "?"))
        path = String(rest[..<(question ?? rest.endIndex)])
        if path.isEmpty { path = "/" }
        segments = []
        for segment in path.utf8.dropFirst().split(
            separator: UInt8(ascii: "/"),
            omittingEmptySubsequences: false
        ) {
            segments.append(try Self.decode(segment, plusIsBlank: false))
        }
        if segments == [""] { segments = [] }
        query = []
        if let question {
            let text = rest.utf8[rest.utf8.index(after: question)...]
            for pair in text.split(separator: UInt8(ascii: "&")) {
                let parts = pair.split(
                    separator: Bytes.equals,
                    maxSplits: 1,
                    omittingEmptySubsequences: false
                )
                query.append(
                    QueryItem(
                        name: try Self.decode(parts[0], plusIsBlank: true),
                        value: parts.count > 1
                            ? try Self.decode(parts[1], plusIsBlank: true) : ""
                    )
                )
            }
        }
    }

    private static func splitAbsolute(
        _ text: String
    ) throws(RequestError) -> (authority: String, rest: Substring) {
        let lowercased = text.prefix(8).lowercased()
        let length: Int
        if lowercased.hasPrefix("http://") {
            length = 7
        } else if lowercased == "https://" {
            length = 8
        } else {
            throw .malformed("The target is neither a path nor an http URI.")
        }
        let rest = text.utf8.dropFirst(length)
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
        let authority = String(text[rest.startIndex..<(end ?? rest.endIndex)])
        // This also refuses userinfo (RFC 9110 section 4.2.4).
        guard Authority.isValid(authority) else {
            throw .malformed("The target's authority is not a host and a port.")
        }
        return (authority, text[(end ?? rest.endIndex)...])
    }

    private static func decode(
        _ bytes: some Collection<UInt8>,
        plusIsBlank: Bool
    ) throws(RequestError) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index != bytes.endIndex {
            let byte = bytes[index]
            bytes.formIndex(after: &index)
            if byte == UInt8(ascii: "+"), plusIsBlank {
                decoded.append(Bytes.space)
            } else if byte == UInt8(ascii: "%") {
                guard let high = digit(bytes, &index), let low = digit(bytes, &index),
                    high != 0 || low != 0
                else { throw .malformed("The target holds a malformed percent escape.") }
                decoded.append(high << 4 | low)
            } else {
                decoded.append(byte)
            }
        }
        guard let text = String(validating: decoded, as: UTF8.self) else {
            throw .malformed("The target's escapes are not UTF-8.")
        }
        return text
    }

    private static func digit<Text: Collection<UInt8>>(
        _ bytes: Text,
        _ index: inout Text.Index
    ) -> UInt8? {
        guard index != bytes.endIndex else { return nil }
        defer { bytes.formIndex(after: &index) }
        return Bytes.hexValue(bytes[index])
    }
}
