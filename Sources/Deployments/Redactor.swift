/// Takes secrets out of text that is kept or sent.
public struct Redactor: Sendable {
    /// Longest first, so that a secret within a longer one leaves nothing of either.
    private let secrets: [String]

    /// What stands in a secret's place.
    public static let mask = "***"

    /// A value shorter than this is not worth hiding: its mask would riddle every line.
    public static let minimumLength = 6

    /// Masks the values, and each line of those that have several.
    public init(values: [String]) {
        var secrets: Set<String> = []
        for value in values {
            let lines = value.split(whereSeparator: \.isNewline).map(String.init)
            for candidate in [value] + lines where candidate.count >= Self.minimumLength {
                secrets.insert(candidate)
            }
        }
        self.secrets = secrets.sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }
    }

    /// The text with every secret replaced by the mask.
    public func redact(_ text: String) -> String {
        secrets.reduce(text) { text, secret in
            text.contains(secret) ? text.replacing(secret, with: Self.mask) : text
        }
    }
}
