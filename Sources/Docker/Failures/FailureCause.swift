import Deployments
import Engine

/// A cause of failure, and the words in which docker reports it. They include those of both client
/// versions that were recorded (20.10 and 28.2) and of newer engines.
struct FailureCause {
    /// A line matches if, in lower case, it contains all words of one of these lists.
    var words: [[String]]
    var phases: Set<EngineFailure.Phase>
    var code: FailureCode
    /// A sentence. `{image}` stands for the image, `{registry}` for its registry, and `{words}` for what
    /// docker says.
    var message: String
    /// What to do: a sentence with the same placeholders.
    var hint: String

    init(
        _ code: FailureCode,
        in phases: Set<EngineFailure.Phase> = Set(EngineFailure.Phase.allCases),
        _ words: [[String]],
        _ message: String,
        hint: String
    ) {
        self.words = words
        self.phases = phases
        self.code = code
        self.message = message
        self.hint = hint
    }

    func matches(_ line: String) -> Bool {
        words.contains { $0.allSatisfy(line.contains) }
    }

    /// All causes in order: the first that matches any line counts.
    static let all = engine + registry + container + copying + logging

    /// The client does not reach the engine, or the engine is out of room.
    private static let engine = [
        FailureCause(
            .dockerPermissionDenied,
            [
                ["permission denied while trying to connect"],
                ["raw stream connection", "permission denied"],
            ],
            "The server's user may not use the docker engine.",
            hint: "Add the user that runs the server to the group docker, and start it again."
        ),
        FailureCause(
            .dockerPermissionDenied,
            [["command [ssh", "permission denied ("]],
            "The docker host did not accept the server's ssh key.",
            hint: "See that the server's user can log in there by ssh without a password."
        ),
        FailureCause(
            .dockerUnavailable,
            [
                ["cannot connect to the docker daemon"], ["error during connect"],
                ["failed to connect to the docker api"], ["is the docker daemon running"],
                ["failed to open the raw stream connection"],
            ],
            "The docker engine does not answer.",
            hint: "Start the engine, and try docker version as the server's user."
        ),
        FailureCause(
            .dockerUnavailable,
            // In a build, the word context also means the files that an image is built from.
            in: [.pull, .create, .start, .copy, .other],
            [
                ["unable to resolve docker endpoint"], ["invalid bind address format"],
                ["context", "does not exist"], ["context not found"],
            ],
            "The docker host or context that the server uses is not valid.",
            hint:
                "Correct --docker-host or --docker-context; docker context ls shows what there is."
        ),
        FailureCause(
            .dockerUnavailable,
            [["client version", "is too new"], ["client version", "is too old"]],
            "The docker client and the engine are too far apart in version.",
            hint: "Bring the docker client on the server's machine to the engine's version."
        ),
        FailureCause(
            .diskFull,
            [["no space left on device"], ["disk quota exceeded"]],
            "The engine's disk is full.",
            hint: "Make room, for instance with docker system prune, then deploy again."
        ),
    ]

    /// The registry refuses, does not answer, or lacks the image.
    private static let registry = [
        FailureCause(
            .registryRateLimited,
            in: [.pull],
            [["toomanyrequests"], ["too many requests"], ["rate limit"]],
            "The registry allows no more pulls for now.",
            hint: "Wait, or pull with registry_auth: known users are allowed more."
        ),
        FailureCause(
            .platformMismatch,
            in: [.pull, .create],
            [
                ["no matching manifest for"], ["does not match the specified platform"],
                ["no match for platform"],
            ],
            "The image {image} is not made for the platform.",
            hint: "Build the image for this platform, or ask for one that it has with platform."
        ),
        FailureCause(
            .platformMismatch,
            in: [.pull, .create],
            [["cannot parse platform specifier"], ["unknown operating system or architecture"]],
            "The platform is not one that docker knows.",
            hint: "Write it as os/arch, such as linux/amd64 or linux/arm64, or leave it out."
        ),
        FailureCause(
            .registryAuthRequired,
            in: [.pull],
            [
                ["no basic auth credentials"], ["unauthorized"], ["authentication required"],
                ["pull access denied"], ["access to the resource is denied"], ["401 "],
                ["403 forbidden"], ["insufficient_scope"], ["incorrect username or password"],
                ["denied: "],
            ],
            "The registry does not let the server pull {image}.",
            hint: "Check the image's name, and give registry_auth a user who may pull it."
        ),
        FailureCause(
            .imageNotFound,
            in: [.pull],
            [
                ["manifest unknown"], ["no such manifest"], ["name unknown"],
                ["repository", "not found"], ["failed to resolve reference", "not found"],
                ["manifest for", "not found"],
            ],
            "The registry has no image {image}.",
            hint: "Check the name and the tag, and that the image was pushed."
        ),
        FailureCause(
            .imageNotFound,
            [["invalid reference format"]],
            "{image} is not an image's name.",
            hint: "Write it as registry/path:tag, in lower case."
        ),
        FailureCause(
            .imageNotFound,
            [["no such image"]],
            "The engine does not have the image {image}.",
            hint: "Set pull to always or missing, or load the image into the engine."
        ),
        FailureCause(
            .imageCorrupt,
            in: [.pull],
            [
                ["verification failed for digest"], ["unexpected commit digest"],
                ["wrong diff id"], ["don't match image configuration"],
                ["invalid tar header"], ["gzip: invalid"], ["flate: corrupt"],
                ["layer", "unexpected eof"], ["processing tar file", "unexpected eof"],
                ["failed size validation"], ["zstd", "corrupt"], ["zstd", "invalid"],
            ],
            "The image {image} is corrupt: a layer is not what its digest says, or cannot be"
                + " unpacked.",
            hint: "Push it again; if the registry has it whole, see what stands between it and the"
                + " engine."
        ),
        FailureCause(
            .dockerUnavailable,
            [["unexpected eof"]],
            "The docker engine stopped in the middle of the command.",
            hint: "See why the engine stopped, start it, then deploy again."
        ),
        FailureCause(
            .registryUnreachable,
            in: [.pull],
            [["server gave http response"], ["first record does not look like a tls handshake"]],
            "The registry {registry} speaks plain HTTP, and the engine asks it for TLS.",
            hint: "Give the registry TLS, or name {registry} under insecure-registries in the"
                + " engine's /etc/docker/daemon.json and restart the engine."
        ),
        FailureCause(
            .registryUnreachable,
            in: [.pull],
            [
                ["signed by unknown authority"], ["self-signed certificate"],
                ["self signed certificate"],
            ],
            "The engine does not know who signed the certificate of the registry {registry}.",
            hint: "Put the signer's certificate on the engine's machine as"
                + " /etc/docker/certs.d/{registry}/ca.crt."
        ),
        FailureCause(
            .registryUnreachable,
            in: [.pull],
            [["x509:"]],
            "The certificate of the registry {registry} is not valid for it: {words}",
            hint: "Renew it, or name the registry as the certificate does; see the engine's clock."
        ),
        FailureCause(
            .registryUnreachable,
            in: [.pull],
            [
                ["connection refused"], ["no such host"], ["i/o timeout"],
                ["context deadline exceeded"], ["tls handshake"], ["tls: "],
                ["network is unreachable"], ["no route to host"],
                ["connection reset by peer"], ["client.timeout exceeded"], ["/v2/", ": eof"],
                ["unexpected http status"], ["temporary failure in name resolution"],
                ["server misbehaving"], ["internal server error"], ["bad gateway"],
                ["service unavailable"], ["broken pipe"],
            ],
            "The registry of {image} cannot be reached.",
            hint: "Check the registry's address, and the network between it and the engine."
        ),
    ]

    /// The container cannot be created or started.
    private static let container = [
        FailureCause(
            .dockerUnavailable,
            in: [.start],
            [["task ", ": already exists"], ["id already in use"]],
            "The engine was stopped while it started the container.",
            hint: "Deploy again."
        ),
        FailureCause(
            .nameInUse,
            in: [.create, .other],
            [["is already in use by container"]],
            "The container's name is taken.",
            hint: "Choose another container_name, or remove the container that has it."
        ),
        FailureCause(
            .portInUse,
            [
                ["port is already allocated"], ["address already in use"],
                ["host-mode port already in use"], ["ports are not available"],
            ],
            "A host port that the container needs is taken.",
            hint: "Choose another host port, or leave it out to get a free one."
        ),
        FailureCause(
            .portInUse,
            [["cannot assign requested address"]],
            "A port is to be published on an address that the engine's machine does not have.",
            hint: "Correct bind, or the server's --publish-address."
        ),
        FailureCause(
            .platformMismatch,
            in: [.start],
            [["exec format error"]],
            "The program in {image} is made for another processor.",
            hint: "Build the image for the engine's platform."
        ),
        FailureCause(
            .commandNotFound,
            in: [.create, .start],
            [
                ["exec: ", "no such file or directory"], ["executable file not found"],
                ["exec: ", "permission denied"], ["exec: ", "is a directory"],
                ["exec: ", "not a directory"], ["no command specified"],
            ],
            "The program that the container is to run is not in {image}, or cannot be run.",
            hint: "Correct command, or the image's own; it must be an executable file there."
        ),
        FailureCause(
            .networkNotFound,
            in: [.create, .start, .other],
            [["network", "not found"], ["no such network"]],
            "The engine has no network of that name.",
            hint: "Correct network, or make it with docker network create."
        ),
        FailureCause(
            .settingsRefused,
            in: [.create, .start],
            [["unable to find user"], ["unable to find group"]],
            "The image {image} does not have the user that the container is to run as.",
            hint: "Correct user, or USER in the image."
        ),
        FailureCause(
            .settingsRefused,
            in: [.create, .start],
            [
                ["minimum memory limit"], ["invalid size"], ["range of cpus"],
                ["failed to parse", "as a rational number"], ["invalid restart policy"],
                ["invalid container name"], ["invalid environment variable"],
                ["invalid hostport"], ["invalid containerport"], ["invalid signal"],
                ["invalid mount"], ["invalid volume"], ["invalid ulimit"], ["invalid ip address"],
                ["invalid user"], ["invalid working directory"], ["working directory", "invalid"],
                ["healthcheck", "cannot be"], ["conflicting options"], ["logging driver"],
                ["unknown log opt"], ["bind source path does not exist"],
                ["oci runtime"], ["error gathering device information"],
                ["could not select device driver"], ["cannot be connected to network"],
                ["network-scoped alias is supported only"], ["setting rlimit"],
            ],
            "The engine does not accept the container's settings: {words}",
            hint: "Correct the setting in the request, or in the image."
        ),
    ]

    /// The folder does not get into the container.
    private static let copying = [
        FailureCause(
            .copyFailed,
            in: [.copy],
            [["marked read-only"], ["read-only file system"]],
            "The folder's place in the container is read-only.",
            hint: "Choose another container_path, or an image without a read-only file system."
        ),
        FailureCause(
            .containerExited,
            in: [.copy, .start, .other],
            [
                ["no such container:"], ["no such container path"], ["no such object"],
                ["is not running"], ["is marked for removal"], ["is already in progress"],
            ],
            "The container is gone.",
            hint: "See who removes containers on the engine, then deploy again."
        ),
        FailureCause(
            .copyFailed,
            in: [.copy],
            [
                ["no such directory"], ["must be a directory"], ["not a directory"],
                ["cannot overwrite"], ["cannot copy directory"], ["could not find the file"],
            ],
            "The folder's place in the container is not a folder.",
            hint: "Choose another container_path, and see that nobody removed the container."
        ),
    ]

    /// What the container writes cannot be read.
    private static let logging = [
        FailureCause(
            .settingsRefused,
            in: [.other],
            [["logging driver does not support reading"]],
            "The container's log cannot be read: its log driver keeps none on the engine.",
            hint: "Use a log driver that keeps the log, such as json-file or local."
        )
    ]
}
