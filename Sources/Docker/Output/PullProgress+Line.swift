extension PullProgress {
    /// What a pull's output says about one layer: `<12 hexadecimal digits>: state`.
    struct Line: Equatable {
        var layer: String
        var state: State

        enum State: Equatable {
            case waiting
            case downloading(Int64?, of: Int64?)
            case downloaded
            case extracting(Int64?, of: Int64?)
            case complete
            case retrying(String)
            /// A state that this program does not know.
            case other
        }

        /// Reads a line; nil if it is not about a layer.
        init?(_ piece: [UInt8]) {
            guard Self.isLayer(piece) else { return nil }
            layer = String(decoding: piece[..<12], as: UTF8.self)
            var words = piece[14...].split(separator: 0x20).map {
                String(decoding: $0, as: UTF8.self)
            }
            // On terminals wider than 110 columns, there is a bar, too.
            words.removeAll { $0.hasPrefix("[") || $0.hasSuffix("]") }
            let first = words.first ?? ""
            switch first {
            case "Pulling", "Waiting", "Preparing":
                state = words.contains("complete") ? .other : .waiting
            case "Downloading": state = .downloading(Self.amount(words), of: Self.total(words))
            case "Extracting": state = .extracting(Self.amount(words), of: Self.total(words))
            case "Verifying", "Download": state = .downloaded
            case "Pull", "Already": state = .complete
            case "Retrying": state = .retrying(words.joined(separator: " "))
            default: state = .other
            }
        }

        /// Whether a piece begins with a layer's name and a colon.
        static func isLayer(_ piece: [UInt8]) -> Bool {
            piece.count >= 14 && piece[12] == UInt8(ascii: ":") && piece[13] == 0x20
                && piece[..<12].allSatisfy { byte in
                    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
                }
        }

        private static func amount(_ words: [String]) -> Int64? {
            guard words.count == 2 else { return nil }
            return words[1].split(separator: "/").first.flatMap(bytes)
        }

        private static func total(_ words: [String]) -> Int64? {
            guard words.count == 2 else { return nil }
            let parts = words[1].split(separator: "/")
            return parts.count == 2 ? bytes(parts[1]) : nil
        }

        /// The bytes in `15.96kB`; units are decimal. Nil for anything else, such as seconds.
        static func bytes(_ text: Substring) -> Int64? {
            let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            guard let factor = factors[text[number.endIndex...]], let value = Double(number)
            else { return nil }
            return Int64(min(value * factor, Double(largestSize)) + 0.5)
        }

        private static let factors: [Substring: Double] = [
            "B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
        ]

        /// No layer is larger. The sum of this for all layers does not overflow.
        static let largestSize: Int64 = 1 << 50
    }
}
