extension RequestDecoding {
    /// Decodes a reference in the distribution project's grammar:
    /// `[host[:port]/]path[:tag][@digest]`.
    mutating func image(_ standard: String) -> String? {
        guard let value = given("registry_image") else { return standard }
        guard let text = string(value, "registry_image") else { return nil }
        if let reason = Self.faultOfImage(text) {
            fault("registry_image", reason)
            return nil
        }
        return text
    }

    /// What is wrong with the reference; nil if nothing is.
    static func faultOfImage(_ text: String) -> String? {
        guard !text.isEmpty else { return "must not be empty" }
        guard !text.hasPrefix("-") else { return "must not begin with '-'" }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return "must be ASCII without blanks: registry.example/app:1.0"
        }
        var rest = text[...]
        if let at = rest.firstIndex(of: "@") {
            guard isDigest(rest[rest.index(after: at)...]) else {
                return "has a malformed digest after '@': it is sha256: and 64 hexadecimal digits"
            }
            rest = rest[..<at]
        }
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
            guard isTag(rest[rest.index(after: colon)...]) else {
                return """
                    has a malformed tag after ':': it is 1 to 128 letters, digits, '_', '.' and \
                    '-', and begins with none of '.' and '-'
                    """
            }
            rest = rest[..<colon]
        }
        guard rest.utf8.count <= 255 else {
            return "must not have more than 255 characters before its tag"
        }
        var parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count > 1, isRegistry(parts[0]) {
            guard isHost(parts.removeFirst()) else {
                return "begins with a malformed registry: it is host or host:port"
            }
        }
        guard !parts.joined().contains(where: \.isUppercase) else {
            return "must have its path in lower case"
        }
        guard parts.allSatisfy(isPathPart) else {
            return """
                has a malformed path: its parts are lower case letters and digits, with '.', \
                '_', '__' or '-' between them
                """
        }
        if parts.count == 1, rest.count == 64, rest.utf8.allSatisfy(isHex) {
            return "must not be 64 hexadecimal digits, which are an image's id"
        }
        return nil
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        byte.isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    private static func isDigest(_ digest: Substring) -> Bool {
        let parts = digest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let first = parts[0].utf8.first, first.isAlphanumeric,
            parts[0].utf8.allSatisfy({ $0.isAlphanumeric || "+._-".utf8.contains($0) }),
            parts[1].utf8.allSatisfy(isHex)
        else { return false }
        return parts[0] == "sha256" ? parts[1].utf8.count == 64 : parts[1].utf8.count >= 32
    }

    private static func isTag(_ tag: Substring) -> Bool {
        guard let first = tag.utf8.first, first.isAlphanumeric || first == UInt8(ascii: "_") else {
            return false
        }
        return tag.utf8.count <= 128 && tag.utf8.allSatisfy(\.isNameByte)
    }

    /// Whether the first part is a registry: it has a dot, a port or an upper case letter, or it is
    /// `localhost`. Otherwise it belongs to the path.
    private static func isRegistry(_ part: Substring) -> Bool {
        part == "localhost" || part.contains { $0 == "." || $0 == ":" || $0.isUppercase }
    }

    private static func isHost(_ registry: Substring) -> Bool {
        var host = registry
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]"),
                PortAddress.isIPv6(String(host[host.index(after: host.startIndex)..<end]))
            else { return false }
            let port = host[host.index(after: end)...]
            return port.isEmpty || port.first == ":" && isPort(port.dropFirst())
        }
        if let colon = host.firstIndex(of: ":") {
            guard isPort(host[host.index(after: colon)...]) else { return false }
            host = host[..<colon]
        }
        return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.utf8.first, let last = label.utf8.last else { return false }
            return first.isAlphanumeric && last.isAlphanumeric
                && label.utf8.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.utf8.allSatisfy(\.isDigit) && UInt16(text).map { $0 > 0 } ?? false
    }

    /// Whether the part consists of letters and digits, separated by one '.', one or two '_', or
    /// any number of '-'.
    private static func isPathPart(_ part: Substring) -> Bool {
        guard let first = part.utf8.first, let last = part.utf8.last,
            first.isLowerAlphanumeric, last.isLowerAlphanumeric
        else { return false }
        let separators = part.utf8.split(whereSeparator: \.isLowerAlphanumeric)
        return separators.allSatisfy { run in
            let text = String(decoding: run, as: UTF8.self)
            return text == "." || text == "_" || text == "__" || text.allSatisfy { $0 == "-" }
        }
    }
}
