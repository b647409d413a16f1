import Deployments

/// Why a repository could not be fetched.
struct GitFailure: Error, Equatable {
    let code: FailureCode
    /// What went wrong, as a sentence.
    let message: String
    let hint: String
    /// The last lines of git's output.
    var outputTail: [String] = []

    init(_ code: FailureCode, _ message: String, hint: String, outputTail: [String] = []) {
        self.code = code
        self.message = message
        self.hint = hint
        self.outputTail = outputTail
    }

    /// Derives the cause from git's messages and from what was requested.
    ///
    /// - Parameter lines: the last lines of git, in the untranslated language (`LC_ALL=C`).
    init(_ lines: [String], of source: GitSource) {
        let place = source.location.text
        func says(_ words: String...) -> Bool {
            lines.contains { line in
                let line = line.lowercased()
                return words.contains { line.contains($0) }
            }
        }
        // git's message for an unknown host also says that the repository does not exist, so this comes
        // first.
        let isAway = says(
            "could not resolve host",
            "could not resolve hostname",
            "connection refused",
            "failed to connect",
            "couldn't connect",
            "connection timed out",
            "no route to host",
            "network is unreachable",
            "temporary failure in name resolution"
        )
        if isAway {
            self.init(
                .sourceUnreadable,
                "The host of \(place) does not answer.",
                hint: "Check that the server can reach the host: its name, the network, the proxy.",
                outputTail: lines
            )
        } else if says("ssl certificate problem", "server certificate verification failed") {
            self.init(
                .sourceUnreadable,
                "The certificate of \(place) cannot be verified.",
                hint: "Name the authority that has signed it in GIT_SSL_CAINFO of the server.",
                outputTail: lines
            )
        } else if says("host key verification failed") {
            self.init(
                .sourceAuthRequired,
                "The host of \(place) is not known to ssh on the server.",
                hint: "Add its key to the known_hosts file of the server's user (ssh-keyscan).",
                outputTail: lines
            )
        } else if says(
            "authentication failed",
            "could not read username",
            "could not read password",
            "permission denied",
            "returned error: 401",
            "returned error: 403",
            "access denied",
            "terminal prompts disabled"
        ) {
            self.init(
                .sourceAuthRequired,
                "\(place) does not let the server in.",
                hint: source.location.way == .ssh
                    ? "Give the server's user a key that may read it."
                    : "Give source_auth with a name and a password, or a token, that may read it.",
                outputTail: lines
            )
        } else if says("couldn't find remote ref", "not our ref", "no such remote ref") {
            let ref = source.ref ?? "HEAD"
            self.init(
                .sourceNotFound,
                "\(place) has no branch, tag or commit \(ref).",
                hint: GitSource.isAbbreviated(ref)
                    ? "Give the whole commit id." : "Check the name; it is case-sensitive.",
                outputTail: lines
            )
        } else if says(
            "not found",
            "does not appear to be a git repository",
            "does not exist",
            "not a git repository",
            "returned error: 404",
            "no such file or directory"
        ) {
            self.init(
                .sourceNotFound,
                "There is no repository at \(place), or none that the server may see.",
                hint: "Check the address; a private repository needs source_auth.",
                outputTail: lines
            )
        } else if says("no space left on device", "disk quota exceeded") {
            self.init(
                .diskFull,
                "The server's disk is full.",
                hint: "Make room in the data folder, then deploy again.",
                outputTail: lines
            )
        } else {
            self.init(
                .sourceUnreadable,
                "git could not fetch \(place).",
                hint: "See git's messages in output_tail.",
                outputTail: lines
            )
        }
    }
}

extension GitSource {
    /// Whether a ref looks like the beginning of a commit id.
    static func isAbbreviated(_ ref: String) -> Bool {
        (7..<40).contains(ref.utf8.count)
            && ref.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }
}
