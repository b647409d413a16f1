internal import Glibc

/// How many descriptors a process may have, and how many streams it must hold.
struct DescriptorFacts: Sendable {
    /// The hard limit. The server raises its own limit to it.
    var limit: Int
    /// How many event streams may be open at once, according to the options.
    var streams: Int

    /// The descriptors for the journal, docker's pipes and other requests.
    static let others = 256

    var finding: Finding {
        guard limit < streams + Self.others else {
            return .ok(.descriptors, "\(limit), enough for \(streams) streams.")
        }
        let message =
            "\(limit), enough for about \(max(0, limit - Self.others)) of the \(streams) streams"
            + " that may be open."
        let advice = "Raise the hard limit (LimitNOFILE= of a service, ulimit -Hn)."
        return limit < 2 * Self.others
            ? .wrong(.descriptors, message, advice)
            : .warning(.descriptors, message, "\(advice.dropLast()), or say --max-streams.")
    }

    /// The limit of this process.
    static func gather(streams: Int) -> DescriptorFacts {
        var limit = rlimit()
        let isKnown = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        return DescriptorFacts(
            limit: isKnown ? Int(clamping: limit.rlim_max) : 1024,
            streams: streams
        )
    }
}
