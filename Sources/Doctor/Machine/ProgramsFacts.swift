internal import Subprocess

/// The programs, besides docker, that fetch and unpack the files of deployments.
struct ProgramsFacts: Sendable {
    /// The programs that were found.
    var found: Set<String>

    /// The programs, each with what does not work without it.
    private static let uses = [
        ("git", "deployments from repositories"), ("ssh", "repositories that are reached by ssh"),
        ("gzip", "archives packed by gzip"), ("zstd", "archives packed by zstd"),
    ]

    /// Looks in the folders of `path`, which has the form of `PATH`; nil for the usual ones.
    static func gather(path: String?) -> ProgramsFacts {
        ProgramsFacts(
            found: Set(uses.map(\.0).filter { Command.locate($0, in: path).hasPrefix("/") })
        )
    }

    var finding: Finding {
        let missing = Self.uses.filter { !found.contains($0.0) }
        guard !missing.isEmpty else {
            return .ok(.programs, "git, ssh, gzip and zstd are there.")
        }
        return .warning(
            .programs,
            "Not on PATH: \(missing.map(\.0).joined(separator: ", ")).",
            "Install them if they are wanted, for \(missing.map(\.1).joined(separator: ", "))."
        )
    }
}
