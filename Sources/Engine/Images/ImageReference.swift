/// The name of an image, `[registry/]path[:tag][@digest]`, by the reference grammar of the distribution
/// project.
public struct ImageReference: Sendable, Hashable, CustomStringConvertible {
    /// `host[:port]`; `docker.io` if none is named.
    public let registry: String
    /// The repository's path within the registry; `library/…` for the official images.
    public let path: String
    /// What follows the colon; nil if there is no tag.
    public let tag: String?
    /// `algorithm:hex`; nil if there is none.
    public let digest: String?
    /// The reference as it was written.
    public let description: String

    /// The text is not the name of an image.
    public struct Malformed: Error, Equatable, CustomStringConvertible {
        /// What is wrong: the end of the sentence that `description` gives.
        public let reason: String

        /// A sentence without its full stop.
        public var description: String { "the image name \(reason)" }
    }

    /// Reads a reference.
    public init(_ text: String) throws(Malformed) {
        guard !text.isEmpty else { throw Malformed(reason: "is empty") }
        guard text.utf8.count <= 512, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Malformed(reason: "must be plain ASCII text without spaces")
        }
        guard !text.hasPrefix("-") else { throw Malformed(reason: "must not begin with '-'") }
        var rest = text[...]
        digest = try Self.takeDigest(&rest)
        tag = try Self.takeTag(&rest)
        guard rest.utf8.count <= 255 else {
            throw Malformed(reason: "must not have more than 255 characters")
        }
        (registry, path) = try Self.split(rest)
        description = text
    }

    /// Whether the registry is on this host. Such a registry may lack TLS.
    public var isLoopback: Bool {
        let host = registry.hasPrefix("[") ? "::1" : registry.prefix { $0 != ":" }
        return host == "localhost" || host.hasPrefix("127.") || registry.hasPrefix("[::1]")
    }

    /// The key under which a docker configuration keeps the registry's credentials.
    public var registryKey: String {
        registry == "docker.io" ? "https://index.docker.io/v1/" : registry
    }

    /// The name of the image with that digest in the same repository. A malformed `image` stays as it is.
    public static func withDigest(_ image: String, _ digest: String) -> String {
        guard let reference = try? ImageReference(image) else { return image }
        return "\(reference.registry)/\(reference.path)@\(digest)"
    }

    private static func takeDigest(_ rest: inout Substring) throws(Malformed) -> String? {
        guard let at = rest.firstIndex(of: "@") else { return nil }
        let digest = rest[rest.index(after: at)...]
        rest = rest[..<at]
        let parts = digest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty,
            parts[0].utf8.allSatisfy({ isAlphanumeric($0) || "+._-".utf8.contains($0) }),
            parts[1].utf8.count >= 32,
            parts[1].utf8.allSatisfy({ isDigit($0) || (0x61...0x66).contains($0) })
        else { throw Malformed(reason: "has a malformed digest after '@'") }
        guard parts[0] != "sha256" || parts[1].utf8.count == 64 else {
            throw Malformed(reason: "must have 64 hexadecimal digits after '@sha256:'")
        }
        return String(digest)
    }

    private static func takeTag(_ rest: inout Substring) throws(Malformed) -> String? {
        guard let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") else { return nil }
        let tag = rest[rest.index(after: colon)...]
        rest = rest[..<colon]
        guard let first = tag.utf8.first, isAlphanumeric(first) || first == UInt8(ascii: "_"),
            tag.utf8.count <= 128,
            tag.utf8.allSatisfy({ isAlphanumeric($0) || "_.-".utf8.contains($0) })
        else { throw Malformed(reason: "has a malformed tag after ':'") }
        return String(tag)
    }

    private static func split(_ name: Substring) throws(Malformed) -> (String, String) {
        var components = name.split(separator: "/", omittingEmptySubsequences: false)
        var registry = "docker.io"
        if components.count > 1, isRegistry(components[0]) {
            registry = String(components.removeFirst())
            guard isHost(registry) else { throw Malformed(reason: "names a malformed registry") }
            if registry == "index.docker.io" { registry = "docker.io" }
        }
        for component in components {
            guard !component.contains(where: \.isUppercase) else {
                throw Malformed(reason: "must be lower case")
            }
            guard isPathComponent(component) else {
                throw Malformed(
                    reason: component.isEmpty
                        ? "has an empty part" : "has a malformed part '\(component)'"
                )
            }
        }
        let path = components.joined(separator: "/")
        guard components.count > 1 || path.utf8.count != 64 || !path.utf8.allSatisfy(isHex) else {
            throw Malformed(reason: "must not be 64 hexadecimal digits")
        }
        let isOfficial = registry == "docker.io" && components.count == 1
        return (registry, isOfficial ? "library/\(path)" : path)
    }

    /// The first component is a registry if it cannot be part of a path, or is `localhost`: if it has a
    /// dot, a port or an upper case letter.
    private static func isRegistry(_ component: Substring) -> Bool {
        component == "localhost" || component.contains(".") || component.contains(":")
            || component.contains(where: \.isUppercase)
    }

    private static func isHost(_ text: String) -> Bool {
        var host = text[...]
        if let close = text.firstIndex(of: "]"), text.hasPrefix("[") {
            let address = text[text.index(after: text.startIndex)..<close]
            guard address.contains(":"),
                address.utf8.allSatisfy({ isHex($0) || $0 == UInt8(ascii: ":") })
            else { return false }
            host = text[text.index(after: close)...]
            return host.isEmpty || (host.hasPrefix(":") && isPort(host.dropFirst()))
        }
        if let colon = host.firstIndex(of: ":") {
            guard isPort(host[host.index(after: colon)...]) else { return false }
            host = host[..<colon]
        }
        return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            !label.isEmpty && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isPort(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy(isDigit) && UInt16(text) != nil
    }

    /// Lower case letters and digits, in runs separated by `.`, `_`, `__` or any number of `-`.
    private static func isPathComponent(_ text: Substring) -> Bool {
        let isRun = { (byte: UInt8) in isDigit(byte) || (0x61...0x7A).contains(byte) }
        guard let first = text.utf8.first, let last = text.utf8.last, isRun(first), isRun(last)
        else { return false }
        return text.utf8.split(whereSeparator: isRun).allSatisfy { separator in
            [".", "_", "__"].contains(String(Substring(separator)))
                || separator.allSatisfy { $0 == UInt8(ascii: "-") }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isHex(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x61...0x66).contains(byte) || (0x41...0x46).contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte)
    }
}
