/// A character of a path or pattern: a Unicode scalar or, in numbers beyond them, a byte that is not valid
/// text.
typealias Rune = UInt32

/// One line of a `.dockerignore` file, compiled.
///
/// The syntax is that of Go's `filepath.Match` for each path component, with `**` for any number of
/// components, and a leading `!` that includes again what an earlier line has excluded.
struct IgnorePattern: Sendable {
    /// Whether the line begins with `!`.
    let bringsBack: Bool
    private let tokens: [Token]
    /// The only path that it matches; nil if it contains wildcards.
    let literal: [Rune]?

    private enum Token: Equatable {
        case literal(Rune)
        /// `?`: one rune that is not a slash.
        case one
        /// `*`: any number of runes that are not slashes.
        case many
        /// `**` at the end: anything.
        case rest
        /// The beginning of `**/`: continues either with the next token or behind it.
        case optional
        /// The second part of `**/`: any text up to a slash.
        case components
        case set([ClosedRange<Rune>], negated: Bool)
    }

    /// A line that docker would not accept, with docker's reason.
    struct Malformed: Error, Equatable {
        let reason: String
    }

    /// Compiles a line; nil for an empty line or a comment.
    init?(line: [Rune]) throws(Malformed) {
        guard line.first != Rune(of: "#") else { return nil }
        var text = Self.trimmed(line[...])
        guard let first = text.first else { return nil }
        bringsBack = first == Rune(of: "!")
        if bringsBack { text = Self.trimmed(text.dropFirst()) }
        guard !text.isEmpty else { throw Malformed(reason: "there is nothing after the !") }
        let path = Self.clean(text)
        tokens = try Self.compile(path)
        let isLiteral = tokens.allSatisfy { token in
            if case .literal = token { true } else { false }
        }
        literal =
            isLiteral
            ? tokens.compactMap { token in
                if case .literal(let rune) = token { rune } else { nil }
            } : nil
    }

    /// A pattern that includes exactly this path again, whatever characters it contains.
    init(bringingBack path: [Rune]) {
        bringsBack = true
        tokens = path.map { .literal($0) }
        literal = path
    }

    // MARK: Matching

    /// Whether the pattern matches a whole path without leading slash.
    func matches(_ path: [Rune], _ work: inout IgnoreWork) throws(IgnoreWork.Halt) -> Bool {
        work.prepare(states: tokens.count + 1)
        follow(0, &work)
        for rune in path {
            try work.turn()
            for state in work.current where state < tokens.count {
                switch tokens[state] {
                case .literal(let expected): if rune == expected { follow(state + 1, &work) }
                case .one: if rune != Rune(of: "/") { follow(state + 1, &work) }
                case .many: if rune != Rune(of: "/") { follow(state, &work) }
                case .rest: follow(state, &work)
                case .optional: break
                case .components:
                    follow(state, &work)
                    if rune == Rune(of: "/") { follow(state + 1, &work) }
                case .set(let ranges, let negated):
                    if ranges.contains(where: { $0.contains(rune) }) != negated {
                        follow(state + 1, &work)
                    }
                }
            }
            if work.next.isEmpty { return false }
        }
        return work.next.contains(tokens.count)
    }

    /// Adds a state, and the states that can be reached from it without reading a rune.
    private func follow(_ state: Int, _ work: inout IgnoreWork) {
        work.add(state)
        // States that are reached are added at the end, and followed in their turn.
        while let state = work.nextToFollow() {
            guard state < tokens.count else { continue }
            switch tokens[state] {
            case .many, .rest: work.add(state + 1)
            case .optional:
                work.add(state + 1)
                work.add(state + 2)
            default: break
            }
        }
    }

    // MARK: Compiling

    private static func trimmed(_ text: ArraySlice<Rune>) -> ArraySlice<Rune> {
        func isBlank(_ rune: Rune) -> Bool {
            Unicode.Scalar(rune).map(\.properties.isWhitespace) ?? false
        }
        var text = text.drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }

    /// Cleans a path like Go's `filepath.Clean`, and removes the leading slash.
    private static func clean(_ text: ArraySlice<Rune>) -> [Rune] {
        let dots = [Rune(of: "."), Rune(of: ".")]
        let isRooted = text.first == Rune(of: "/")
        var components: [ArraySlice<Rune>] = []
        for component in text.split(separator: Rune(of: "/")) where component != dots[..<1] {
            guard component == dots[...] else {
                components.append(component)
                continue
            }
            if let last = components.last, last != dots[...] {
                components.removeLast()
            } else if !isRooted {
                components.append(component)
            }
        }
        return Array(components.joined(separator: [Rune(of: "/")]))
    }

    private static func compile(_ text: [Rune]) throws(Malformed) -> [Token] {
        var tokens: [Token] = []
        var index = 0
        while index < text.count {
            switch text[index] {
            case Rune(of: "*"): index = stars(text, from: index, &tokens)
            case Rune(of: "?"):
                tokens.append(.one)
                index += 1
            case Rune(of: "\\"):
                guard index + 1 < text.count else {
                    throw Malformed(reason: "there is nothing after the last backslash")
                }
                tokens.append(.literal(text[index + 1]))
                index += 2
            case Rune(of: "["):
                let (token, end) = try set(text, from: index + 1)
                tokens.append(token)
                index = end
            default:
                tokens.append(.literal(text[index]))
                index += 1
            }
        }
        return tokens
    }

    /// Reads one star or two, and returns the index behind them.
    private static func stars(_ text: [Rune], from start: Int, _ tokens: inout [Token]) -> Int {
        guard start + 1 < text.count, text[start + 1] == Rune(of: "*") else {
            // Several stars in a row match the same as one.
            if tokens.last != .many { tokens.append(.many) }
            return start + 1
        }
        var end = start + 2
        if end < text.count, text[end] == Rune(of: "/") { end += 1 }
        let special: [Rune] = [
            Rune(of: "*"), Rune(of: "?"), Rune(of: "["), Rune(of: "]"), Rune(of: "\\"),
        ]
        if end == text.count {
            tokens.append(.rest)
        } else if start == 0, end == 2, !text[end...].contains(where: special.contains) {
            // Docker treats this pattern as a suffix of any path.
            tokens.append(.rest)
        } else if tokens.last != .components {
            tokens += [.optional, .components]
        }
        return end
    }

    private static func set(
        _ text: [Rune],
        from start: Int
    ) throws(Malformed) -> (Token, Int) {
        let unended = Malformed(reason: "a [ has no ] that ends it")
        var index = start
        let negated = index < text.count && text[index] == Rune(of: "^")
        if negated { index += 1 }
        var ranges: [ClosedRange<Rune>] = []
        func rune() throws(Malformed) -> Rune {
            guard index < text.count else { throw unended }
            guard text[index] != Rune(of: "-"), text[index] != Rune(of: "]") else {
                throw Malformed(reason: "a - or ] within [ ] needs a backslash before it")
            }
            if text[index] == Rune(of: "\\") { index += 1 }
            guard index < text.count else { throw unended }
            defer { index += 1 }
            guard text[index] <= 0x10_FFFF else {
                throw Malformed(reason: "a byte within [ ] is not UTF-8 text")
            }
            return text[index]
        }
        while index >= text.count || text[index] != Rune(of: "]") || ranges.isEmpty {
            let low = try rune()
            var high = low
            if index < text.count, text[index] == Rune(of: "-") {
                index += 1
                high = try rune()
            }
            guard low <= high else {
                throw Malformed(reason: "a range within [ ] ends before it begins")
            }
            ranges.append(low...high)
        }
        return (.set(ranges, negated: negated), index + 1)
    }
}

extension Rune {
    init(of scalar: Unicode.Scalar) { self = scalar.value }

    /// The runes of UTF-8 text, and of bytes that are not valid text.
    static func decode(_ bytes: some Collection<UInt8>) -> [Rune] {
        var runes: [Rune] = []
        runes.reserveCapacity(bytes.count)
        guard !bytes.allSatisfy({ $0 < 0x80 }) else {
            runes.append(contentsOf: bytes.lazy.map(Rune.init))
            return runes
        }
        let bytes = Array(bytes)
        var index = 0
        while index < bytes.count {
            var rest = bytes[index...].makeIterator()
            var parser = Unicode.UTF8.ForwardParser()
            switch parser.parseScalar(from: &rest) {
            case .valid(let scalar):
                runes.append(Unicode.UTF8.decode(scalar).value)
                index += scalar.count
            case .error, .emptyInput:
                runes.append(0x11_0000 + Rune(bytes[index]))
                index += 1
            }
        }
        return runes
    }
}
