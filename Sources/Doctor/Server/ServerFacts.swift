internal import Deployments
internal import HTTP

/// What answers at the address that the server listens on.
struct ServerFacts: Sendable {
    var address: ListenAddress
    var occupant: Occupant

    /// What was found there.
    enum Occupant: Sendable, Hashable {
        /// Nothing answers, and a server could listen.
        case nobody
        /// A Slipway answers, and says this about itself.
        case slipway(ReadinessAnswer)
        /// Something else answers. The text says how that shows.
        case another(String)
        /// Nothing answers, and a server could not listen. The text says why.
        case unusable(String)
    }

    /// What a server says about itself.
    struct ReadinessAnswer: Sendable, Hashable {
        var version: String?
        /// Whether it has given an answer. Not everybody may ask.
        var isTold: Bool
        /// What keeps it from being ready, in sentences.
        var troubles: [String]
    }

    /// - Parameters:
    ///   - mustRun: whether it is wrong if there is no server.
    ///   - holder: the process that uses the data directory; nil if there is none.
    func finding(mustRun: Bool, holder: Int32?) -> Finding {
        switch occupant {
        case .nobody:
            if mustRun {
                return .wrong(.server, "No server answers at \(address).", "Start it.")
            }
            guard let holder else { return .ok(.server, "\(address) is free.") }
            return .warning(
                .server,
                "The server that has the data directory (process \(holder)) is not at \(address).",
                "Give this command the options that the server has."
            )
        case .another(let reason):
            return .wrong(
                .server,
                "\(address) is taken by another program: \(reason).",
                "End it, or name another address with --listen."
            )
        case .unusable(let reason):
            return .wrong(
                .server,
                "\(address) cannot be listened on: \(reason).",
                "Name another address with --listen."
            )
        case .slipway(let readiness):
            let words =
                "A Slipway\(readiness.version.map { " \($0)" } ?? "") answers at \(address)"
            guard readiness.troubles.isEmpty else {
                return .wrong(
                    .server,
                    "\(words), and is not ready: \(readiness.troubles.joined(separator: " "))",
                    nil
                )
            }
            guard readiness.version == nil || readiness.version == ProgramVersion.version else {
                return .warning(
                    .server,
                    "\(words); this program is \(ProgramVersion.version).",
                    "Start the server again, so that it is the installed one."
                )
            }
            guard mustRun || holder != nil else {
                return .warning(
                    .server,
                    "\(words), with another data directory than this one.",
                    "Give this command the options that the server has."
                )
            }
            return .ok(.server, readiness.isTold ? "\(words) and is ready." : "\(words).")
        }
    }
}
