import Deployments
import Foundation
import Subprocess

/// The git program and the way it is run: without any user's configuration, without hooks and without
/// questions.
struct GitCommands: Sendable {
    let program: String
    /// The variables of the server's environment that git gets.
    private let environment: [String: String]

    /// The variables of the server that git and ssh get, to find certificates, keys and proxies (git(1),
    /// ssh(1), curl(1)).
    private static let passed = [
        "PATH", "TMPDIR", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_SSH_COMMAND",
        "GIT_SSH", "SSH_AUTH_SOCK", "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
        "ALL_PROXY", "no_proxy", "NO_PROXY",
    ]

    init(environment: [String: String]) {
        program = Command.locate("git", in: environment["PATH"])
        var own = environment.filter { Self.passed.contains($0.key) }
        own["GIT_CONFIG_NOSYSTEM"] = "1"
        own["GIT_ATTR_NOSYSTEM"] = "1"
        own["GIT_TERMINAL_PROMPT"] = "0"
        own["GIT_ADVICE"] = "0"
        own["LC_ALL"] = "C"
        // A question that nobody answers would block git forever.
        if own["GIT_SSH_COMMAND"] == nil, own["GIT_SSH"] == nil {
            own["GIT_SSH_COMMAND"] = "ssh -o BatchMode=yes"
        }
        self.environment = own
    }

    /// The protocols with which a repository, and its submodules, may be fetched.
    private static func protocols(_ way: GitLocation.Way) -> String {
        way == .path ? "file" : "https:ssh"
    }

    /// - Parameters:
    ///   - configuration: a folder with the settings of only this fetch.
    ///   - words: the git command with its options and arguments.
    func command(
        _ words: [String],
        way: GitLocation.Way,
        configuration: String,
        deadline: Duration? = nil,
        outputLimit: Int = 65_536,
        variables: [String: String] = [:],
        output: Command.OutputMode = .pipes
    ) -> Command {
        var environment = environment.merging(variables) { _, own in own }
        environment["GIT_CONFIG_GLOBAL"] = "\(configuration)/\(GitConfiguration.name)"
        // This folder contains no user's passwords and attributes.
        environment["HOME"] = configuration
        environment["XDG_CONFIG_HOME"] = configuration
        environment["GIT_ALLOW_PROTOCOL"] = Self.protocols(way)
        return Command(
            program,
            words,
            environment: environment,
            name:
                "git \(words.first { !$0.hasPrefix("-") && !$0.contains("=") && !$0.hasPrefix("/") } ?? "")",
            output: output,
            deadline: deadline,
            outputLimit: outputLimit
        )
    }
}

/// The settings of one fetch, in a file of its own folder, with the credentials in another one if there are
/// any. The folder is removed when the repository has been fetched.
struct GitConfiguration: Sendable {
    let folder: String
    /// The name of the settings' file, under which a git that does not know `GIT_CONFIG_GLOBAL` finds it as
    /// well.
    static let name = ".gitconfig"
    private var store: String { "\(folder)/credentials" }

    /// Writes the settings, readable only by the server's user.
    ///
    /// - Parameter path: the location in the form that git is given.
    init(
        in folder: String,
        _ path: String,
        _ location: GitLocation,
        _ auth: Credentials?
    ) throws {
        self.folder = folder
        let files = FileManager.default
        try? files.removeItem(atPath: folder)
        try files.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        var text = """
            [core]
            \thooksPath = /dev/null
            \taskPass =
            \tfsmonitor = false
            [gc]
            \tauto = 0
            [maintenance]
            \tauto = false
            [fetch]
            \trecurseSubmodules = false
            \twriteCommitGraph = false
            \tunpackLimit = 1
            [advice]
            \tdetachedHead = false
            [credential]
            \thelper =
            \tinteractive = false

            """
        if let auth, let url = Self.url(location, auth) {
            try Self.write(url + "\n", to: store)
            // git runs the helper in a shell; the path is made by the server itself.
            let place = store.replacing("'", with: "'\\''")
            text += "\thelper = \(Self.quoted("store --file='\(place)'"))\n"
        }
        if location.way == .path {
            text += "[safe]\n\tdirectory = \(Self.quoted(path))\n"
            if path.hasSuffix("/.git") {
                text += "\tdirectory = \(Self.quoted(String(path.dropLast("/.git".count))))\n"
            }
        }
        try Self.write(text, to: "\(folder)/\(Self.name)")
    }

    /// Removes the name and the password.
    func removeCredentials() {
        // Usually the file does not exist.
        try? FileManager.default.removeItem(atPath: store)
    }

    func remove() {
        // If that fails, the next start removes it.
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// A value in quotes (git-config(1), "Values").
    private static func quoted(_ text: String) -> String {
        "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }

    /// The line for git's credential store (git-credential-store(1)).
    private static func url(_ location: GitLocation, _ auth: Credentials) -> String? {
        let rest = location.text.dropFirst("https://".count)
        let host = rest.prefix { $0 != "/" }
        let unreserved = CharacterSet(
            charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
        )
        guard let name = auth.username.addingPercentEncoding(withAllowedCharacters: unreserved),
            let password = auth.password.addingPercentEncoding(withAllowedCharacters: unreserved)
        else { return nil }
        return "https://\(name):\(password)@\(host)"
    }

    private static func write(_ text: String, to path: String) throws {
        guard
            FileManager.default.createFile(
                atPath: path,
                contents: Data(text.utf8),
                attributes: [.posixPermissions: 0o600]
            )
        else { throw CocoaError(.fileWriteUnknown) }
    }
}
