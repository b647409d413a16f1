/// How the image is built from the source's files, instead of being pulled.
public struct ImageBuild: Sendable, Equatable {
    /// The path of the Dockerfile, relative to the source, without `..`.
    public var dockerfile: String
    /// The stage of the file that is built; nil for the last one.
    public var target: String?
    /// The values of the file's `ARG`s by name, which are secret.
    public var arguments: [String: String]

    /// Creates a build of the last stage of `Dockerfile`.
    public init(
        dockerfile: String = "Dockerfile",
        target: String? = nil,
        arguments: [String: String] = [:]
    ) {
        self.dockerfile = dockerfile
        self.target = target
        self.arguments = arguments
    }

    /// The name of an app's images without a tag: `slipway/` followed by the app's name, reduced to
    /// the characters that an image's name may have.
    public static func repository(of app: String) -> String {
        var words: [[UInt8]] = [[]]
        for byte in app.lowercased().utf8 {
            if byte.isLowerAlphanumeric {
                words[words.count - 1].append(byte)
            } else if words.last?.isEmpty == false {
                words.append([])
            }
        }
        if words.last?.isEmpty == true { words.removeLast() }
        return "slipway/" + String(decoding: Array(words.joined(separator: [0x2D])), as: UTF8.self)
    }
}

extension DeploymentRequest {
    /// Returns the request with the name of the image that the deployment builds. No other
    /// deployment's image has that name.
    public func naming(imageOf id: DeploymentID) -> DeploymentRequest {
        guard build != nil else { return self }
        var request = self
        request.image = "\(ImageBuild.repository(of: app)):\(id.text.prefix(8))"
        return request
    }
}

// MARK: The names of arguments

extension ImageBuild {
    /// What is wrong with an argument's name; nil if nothing is.
    ///
    /// The docker client reads the values from its own environment, where nobody else sees them. So
    /// names that would control the client, or a program that it starts, are refused.
    static func faultOfArgument(_ name: String) -> String? {
        guard let first = name.utf8.first, !first.isDigit, name.utf8.count <= 255,
            name.utf8.allSatisfy({ $0.isAlphanumeric || $0 == UInt8(ascii: "_") })
        else {
            return "must have a name of letters, digits and '_', beginning with a letter or '_'"
        }
        let capitals = name.uppercased()
        if proxies.contains(capitals) {
            return "must be set as one of the proxies in the docker client's own configuration"
        }
        guard steering.contains(capitals) || prefixes.contains(where: capitals.hasPrefix) else {
            return nil
        }
        return "would control the docker client itself; use another name"
    }

    private static let proxies: Set = [
        "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY",
    ]

    /// The names that the C library, Go's runtime, the docker client and its plugins look up, and
    /// the best known ones of shells, ssh and credential helpers. If the client starts such
    /// programs, the engine accepts only names that begin like none of theirs.
    private static let steering: Set = [
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "OLDPWD", "TMPDIR", "TERM", "COLUMNS",
        "LINES", "IFS", "ENV", "CDPATH", "PS4", "SHELLOPTS", "GODEBUG", "GOGC", "GOMAXPROCS",
        "GOMEMLIMIT", "GOTRACEBACK", "GORACE", "GOCOVERDIR", "HOSTALIASES", "LOCALDOMAIN",
        "RES_OPTIONS", "NLSPATH", "LOCPATH", "GCONV_PATH", "TZDIR", "REQUEST_METHOD", "GNUPGHOME",
        "NODE_OPTIONS", "NODE_PATH", "RUBYOPT", "RUBYLIB", "JAVA_TOOL_OPTIONS", "NOTIFY_SOCKET",
        "LISTEN_FDS", "LISTEN_PID", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "BROWSER", "PERL5LIB",
        "PERL5OPT", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "GIT_DIR", "GIT_SSH",
        "GIT_SSH_COMMAND", "GIT_ASKPASS", "GIT_EXEC_PATH", "BASH_ENV", "ZDOTDIR", "KUBECONFIG",
    ]

    private static let prefixes = [
        "DOCKER_", "BUILDX_", "BUILDKIT_", "COMPOSE_", "MOBY_", "EXPERIMENTAL_", "SLIPWAY_", "LD_",
        "OTEL_", "XDG_", "SSH_", "SSL_CERT_", "GIT_CONFIG_", "GLIBC_", "MALLOC_", "OPENSSL_",
        "KRB5",
        "GSS", "AWS_", "AZURE_", "GOOGLE_", "CLOUDSDK_", "GIO_", "GTK_", "GPG_", "PASSWORD_STORE_",
    ]
}
