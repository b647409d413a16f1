/// The source of the files that are copied into the container.
public enum DeploymentSource: Sendable, Equatable {
    /// A folder of the server's machine: an absolute path whose symlinks are resolved.
    case folder(String)
    /// A git repository.
    case git(GitSource)
    /// An archive that was sent to the server, by the SHA-256 hash of its bytes: 64 hexadecimal
    /// digits.
    case archive(String)

    /// The beginning of an archive's id.
    public static let archivePrefix = "sha256:"

    /// A path in a source without `.` and empty parts, which is empty for the whole source; nil if
    /// the text is not such a path.
    public static func relativePath(_ text: String) -> String? {
        let parts = text.utf8.split(separator: UInt8(ascii: "/")).map { Array($0) }
        guard !text.hasPrefix("/"), text.utf8.count < 4096, !parts.contains(Array("..".utf8)),
            text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { return nil }
        let kept = parts.filter { $0 != Array(".".utf8) }
        return String(decoding: Array(kept.joined(separator: "/".utf8)), as: UTF8.self)
    }
}

/// A state of a git repository.
public struct GitSource: Sendable, Equatable {
    /// The location of the repository.
    public var location: GitLocation
    /// A branch, a tag or a complete commit id; nil for the default branch.
    public var ref: String?
    /// The folder in it that is used: a relative path without `..`; nil for the whole repository.
    public var subfolder: String?
    /// Whether the repository's submodules are fetched, too.
    public var submodules: Bool

    /// Creates a source for the default branch, without submodules.
    public init(_ location: GitLocation) {
        self.location = location
        submodules = false
    }

    /// Whether a ref is a complete commit id (SHA-1).
    public static func isCommit(_ ref: String) -> Bool {
        ref.utf8.count == 40 && ref.utf8.allSatisfy(\.isLowerHex)
    }

    /// What is wrong with a ref's name; nil if nothing is (git-check-ref-format(1)).
    static func faultOfRef(_ ref: String) -> String? {
        let rule = "must be the name of a branch or a tag, or a complete commit id"
        guard (1...255).contains(ref.utf8.count),
            ref.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && !"~^:?*[\\".utf8.contains($0) }),
            let first = ref.utf8.first, !"-+/.".utf8.contains(first),
            let last = ref.utf8.last, !"/.".utf8.contains(last)
        else { return rule }
        let bytes = Array(ref.utf8)
        for (left, right) in zip(bytes, bytes.dropFirst()) {
            let pair = [left, right]
            if ["..", "@{", "//", "/."].contains(where: { pair.elementsEqual($0.utf8) }) {
                return rule
            }
        }
        let parts = bytes.split(separator: UInt8(ascii: "/"))
        return parts.contains { $0.suffix(5).elementsEqual(".lock".utf8) } ? rule : nil
    }
}

/// The location of a git repository in one of the forms that are allowed.
public struct GitLocation: Sendable, Equatable {
    /// The ways in which git reaches a repository.
    public enum Way: Sendable, Equatable {
        case https
        case ssh
        /// A path on the server's own machine.
        case path
    }

    /// The location as git receives it. It contains no credentials.
    public let text: String
    /// The way in which git reaches the repository.
    public let way: Way

    /// What is wrong with a location.
    public struct Refused: Error, Equatable {
        /// The fault, as a predicate without subject and full stop.
        public let reason: String

        /// Creates a fault.
        public init(_ reason: String) { self.reason = reason }
    }

    /// Parses `https://host/path`, `ssh://user@host/path`, `user@host:path`, or an absolute path.
    public init(_ text: String) throws(Refused) {
        let ways =
            "must be https://HOST/PATH, ssh://USER@HOST/PATH, USER@HOST:PATH, or an absolute path"
        guard (1...2_000).contains(text.utf8.count),
            text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { throw Refused(ways) }
        // Git knows schemes only in lower case.
        let scheme = text.prefix { $0 != ":" }
        self.text =
            ["https", "ssh"].contains(scheme.lowercased())
            ? scheme.lowercased() + text.dropFirst(scheme.count) : text
        if text.hasPrefix("/") {
            way = .path
            return
        }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Refused(ways)
        }
        if let rest = Self.rest(of: text, after: "https://") {
            guard !rest.prefix(while: { $0 != "/" }).contains("@") else {
                throw Refused("must not contain credentials; give them as source_auth")
            }
            guard Self.isHostAndPath(rest) else { throw Refused(ways) }
            way = .https
        } else if let rest = Self.rest(of: text, after: "ssh://") {
            let parts = rest.prefix { $0 != "/" }.split(
                separator: "@",
                omittingEmptySubsequences: false
            )
            guard parts.count <= 2, parts.count == 1 || Self.isWord(parts[0]),
                Self.isHostAndPath(rest.dropFirst(parts.count == 2 ? parts[0].count + 1 : 0))
            else { throw Refused(ways) }
            way = .ssh
        } else {
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let names = parts[0].split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count == 2, names.count == 2, names.allSatisfy(Self.isWord),
                let first = parts[1].utf8.first, first != UInt8(ascii: "-"),
                !parts[1].hasPrefix("/:")
            else { throw Refused(ways) }
            way = .ssh
        }
    }

    private static func rest(of text: String, after scheme: String) -> Substring? {
        // The case of schemes does not matter (RFC 3986 section 3.1).
        guard text.utf8.count > scheme.utf8.count, text.prefix(scheme.count).lowercased() == scheme
        else { return nil }
        return text.dropFirst(scheme.count)
    }

    private static func isWord(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, first.isAlphanumeric || first == UInt8(ascii: "_") else {
            return false
        }
        return text.utf8.allSatisfy(\.isNameByte)
    }

    /// Whether the text is `host[:port]/path`. The host is a name, an IPv4 address, or an IPv6
    /// address in brackets.
    private static func isHostAndPath(_ text: Substring) -> Bool {
        var host = text.prefix { $0 != "/" }
        guard text.count > host.count + 1 else { return false }
        let isAddress = host.hasPrefix("[")
        if let colon = host.lastIndex(of: ":"), !host[colon...].contains("]") {
            let port = host[host.index(after: colon)...]
            guard port.utf8.allSatisfy(\.isDigit), UInt16(port).map({ $0 > 0 }) ?? false else {
                return false
            }
            host = host[..<colon]
        }
        guard isAddress else { return isWord(host) }
        return host.hasSuffix("]") && PortAddress.isIPv6(String(host.dropFirst().dropLast()))
    }

    /// Whether both are on the same host and port by https, so that the credentials of one may be
    /// used for the other.
    public func isSameHost(as other: GitLocation) -> Bool {
        way == .https && other.way == .https
            && parts.root.lowercased() == other.parts.root.lowercased()
    }

    /// The location of a submodule, which may be relative to its repository (git-submodule(1)).
    public func submodule(_ url: String) throws(Refused) -> GitLocation {
        guard url.hasPrefix("./") || url.hasPrefix("../") else { return try GitLocation(url) }
        let (root, path) = parts
        var names = path.split(separator: "/")
        for part in url.split(separator: "/") where part != "." {
            if part != ".." {
                names.append(part)
            } else if names.popLast() == nil {
                throw Refused("leads out of its host")
            }
        }
        return try GitLocation(
            root + (path.hasPrefix("/") ? "/" : "") + names.joined(separator: "/")
        )
    }

    /// The text before the path, and the path.
    private var parts: (root: Substring, path: Substring) {
        let afterScheme = text.dropFirst(
            way == .https
                ? "https://".count : text.lowercased().hasPrefix("ssh://") ? "ssh://".count : 0
        )
        let end: String.Index? =
            afterScheme.startIndex > text.startIndex || way == .path
            ? afterScheme.firstIndex(of: "/")
            : afterScheme.firstIndex(of: ":").map { text.index(after: $0) }
        let start = end ?? text.endIndex
        return (text[..<start], text[start...])
    }
}

extension UInt8 {
    /// Whether the byte is a digit or one of the letters a to f.
    var isLowerHex: Bool {
        isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
    }
}
