/// One line of a `.dockerignore` file, compiled.
///
/// Syntax: that of Go's `filepath.Match` for each path component, with `**` for any number of
/// components and a leading `!` that brings back what an earlier line left out.
struct IgnorePattern: Sendable {
    /// Whether the line begins with `!`.
    let bringsBack: Bool
    private let tokens: [Token]

    private enum Token: Equatable {
        case literal(Unicode.Scalar)
        /// `?`: one scalar that is not a slash.
        case one
        /// `*`: any number of scalars that are not slashes.
        case many
        /// `**` at the end: anything.
        case rest
        /// `**/`: any number of whole components.
        case components
        case set([ClosedRange<Unicode.Scalar>], negated: Bool)
    }

    /// Compiles a line; nil for an empty line, a comment, or one that can match nothing.
    init?(line: String) {
        var text = line.trimming(while: \.isWhitespace)
        guard !text.isEmpty, !text.hasPrefix("#") else { return nil }
        bringsBack = text.hasPrefix("!")
        if bringsBack { text = text.dropFirst().trimming(while: \.isWhitespace) }
        let path = Self.clean(text)
        guard !path.isEmpty, let tokens = Self.compile(Array(path.unicodeScalars)) else {
            return nil
        }
        self.tokens = tokens
    }

    /// Whether the pattern matches the whole of a path without leading slash.
    func matches(_ path: String) -> Bool {
        var states: Set<Int> = [0]
        follow(&states)
        var atComponentStart = true
        for scalar in path.unicodeScalars {
            var next: Set<Int> = []
            for state in states where state < tokens.count {
                switch tokens[state] {
                case .literal(let expected): if scalar == expected { next.insert(state + 1) }
                case .one: if scalar != "/" { next.insert(state + 1) }
                case .many: if scalar != "/" { next.insert(state) }
                case .rest: next.insert(state)
                case .components:
                    next.insert(state)
                    if scalar == "/" { next.insert(state + 1) }
                case .set(let ranges, let negated):
                    if scalar != "/", ranges.contains(where: { $0.contains(scalar) }) != negated {
                        next.insert(state + 1)
                    }
                }
            }
            atComponentStart = scalar == "/"
            follow(&next, atComponentStart: atComponentStart)
            if next.isEmpty { return false }
            states = next
        }
        return states.contains(tokens.count)
    }

    /// Adds the states that are reached without a scalar.
    private func follow(_ states: inout Set<Int>, atComponentStart: Bool = true) {
        var open = Array(states)
        while let state = open.popLast() {
            guard state < tokens.count else { continue }
            let skips =
                switch tokens[state] {
                case .many, .rest: true
                // Entered only at the start of a component, so zero components may be skipped.
                case .components: atComponentStart
                default: false
                }
            if skips, states.insert(state + 1).inserted { open.append(state + 1) }
        }
    }

    /// The path without empty and `.` components, leading and trailing slashes; `..` is resolved.
    private static func clean(_ text: String) -> String {
        var components: [Substring] = []
        for component in text.split(separator: "/") where component != "." {
            if component == ".." {
                _ = components.popLast()
            } else {
                components.append(component)
            }
        }
        return components.joined(separator: "/")
    }

    private static func compile(_ text: [Unicode.Scalar]) -> [Token]? {
        var tokens: [Token] = []
        var index = 0
        while index < text.count {
            switch text[index] {
            case "*":
                var end = index
                while end < text.count, text[end] == "*" { end += 1 }
                if end - index == 1 {
                    tokens.append(.many)
                } else if end == text.count {
                    tokens.append(.rest)
                } else if text[end] == "/" {
                    tokens.append(.components)
                    end += 1
                } else {
                    tokens.append(.rest)
                }
                index = end
            case "?":
                tokens.append(.one)
                index += 1
            case "\\":
                guard index + 1 < text.count else { return nil }
                tokens.append(.literal(text[index + 1]))
                index += 2
            case "[":
                guard let (token, end) = set(text, from: index + 1) else { return nil }
                tokens.append(token)
                index = end
            default:
                tokens.append(.literal(text[index]))
                index += 1
            }
        }
        return tokens
    }

    private static func set(_ text: [Unicode.Scalar], from start: Int) -> (Token, Int)? {
        var index = start
        let negated = index < text.count && text[index] == "^"
        if negated { index += 1 }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        func scalar() -> Unicode.Scalar? {
            if index < text.count, text[index] == "\\" { index += 1 }
            guard index < text.count else { return nil }
            defer { index += 1 }
            return text[index]
        }
        while index < text.count, text[index] != "]" || ranges.isEmpty {
            guard let low = scalar() else { return nil }
            var high = low
            if index < text.count, text[index] == "-" {
                index += 1
                guard let upper = scalar() else { return nil }
                high = upper
            }
            guard low <= high else { return nil }
            ranges.append(low...high)
        }
        guard index < text.count else { return nil }
        return (.set(ranges, negated: negated), index + 1)
    }
}

extension StringProtocol {
    fileprivate func trimming(while condition: (Character) -> Bool) -> String {
        var text = self[...]
        while let first = text.first, condition(first) { text = text.dropFirst() }
        while let last = text.last, condition(last) { text = text.dropLast() }
        return String(text)
    }
}
