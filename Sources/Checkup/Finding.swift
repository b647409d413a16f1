public import Deployments

/// How one matter of an installation stands.
public struct Finding: Sendable, Hashable {
    /// What was looked at.
    public let matter: Matter
    /// How it stands.
    public let verdict: Verdict
    /// What was seen: a sentence.
    public let message: String
    /// What to do about it: a sentence; nil if there is nothing to do.
    public let advice: String?

    /// What is looked at, in the order in which it is told. The words are in the JSON.
    public enum Matter: String, Sendable, Hashable, CaseIterable {
        case options, user, descriptors, clock, data, database
        case scriptsRoot = "scripts_root"
        case tokens, programs, docker, engine
        case engineDisk = "engine_disk"
        case containers
        case server, url, stream
    }

    /// How a matter stands.
    public enum Verdict: String, Sendable, Hashable {
        case ok
        /// It works, and is not as it should be.
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

    /// What others have said, with the full stop that a sentence needs.
    static func sentence(_ text: String) -> String {
        text.hasSuffix(".") ? text : text + "."
    }

    /// `matter`, `status`, `message`, `advice`.
    public var json: JSONValue {
        [
            "matter": .string(matter.rawValue), "status": .string(verdict.rawValue),
            "message": .string(message), "advice": .optional(advice),
        ]
    }
}
