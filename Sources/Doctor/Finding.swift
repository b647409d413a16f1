public import Deployments

/// The result of checking one matter of an installation.
public struct Finding: Sendable, Hashable {
    /// The matter that was checked.
    public let matter: Matter
    /// Whether it is all right.
    public let verdict: Verdict
    /// What was found: a sentence.
    public let message: String
    /// What to do about it: a sentence; nil if there is nothing to do.
    public let advice: String?

    /// The matters in the order in which they are shown. The JSON has the words.
    public enum Matter: String, Sendable, Hashable, CaseIterable {
        case options, user, descriptors, clock, data, database
        case scriptsRoot = "scripts_root"
        case tokens, programs, docker, engine
        case engineDisk = "engine_disk"
        case containers
        case server, url, stream
    }

    /// Whether a matter is all right.
    public enum Verdict: String, Sendable, Hashable {
        case ok
        /// It works, but is not as it should be.
        case warning
        /// It does not work.
        case wrong
    }

    private init(_ matter: Matter, _ verdict: Verdict, _ message: String, _ advice: String?) {
        self.matter = matter
        self.verdict = verdict
        self.message = message
        self.advice = advice
    }

    static func ok(_ matter: Matter, _ message: String) -> Finding {
        Finding(matter, .ok, message, nil)
    }

    static func warning(_ matter: Matter, _ message: String, _ advice: String?) -> Finding {
        Finding(matter, .warning, message, advice)
    }

    static func wrong(_ matter: Matter, _ message: String, _ advice: String?) -> Finding {
        Finding(matter, .wrong, message, advice)
    }

    /// The text, with a full stop if it has none.
    static func sentence(_ text: String) -> String {
        text.hasSuffix(".") ? text : text + "."
    }

    /// An object with `matter`, `status`, `message` and `advice`.
    public var json: JSONValue {
        [
            "matter": .string(matter.rawValue), "status": .string(verdict.rawValue),
            "message": .string(message), "advice": .optional(advice),
        ]
    }
}
