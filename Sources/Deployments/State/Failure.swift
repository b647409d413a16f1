/// Why a deployment did not succeed, in a word a program can branch on.
public enum FailureCode: String, Sendable, CaseIterable {
    case imageNotFound = "image_not_found"
    case registryAuthRequired = "registry_auth_required"
    case registryRateLimited = "registry_rate_limited"
    case registryUnreachable = "registry_unreachable"
    case platformMismatch = "platform_mismatch"
    case diskFull = "disk_full"
    case dockerUnavailable = "docker_unavailable"
    case dockerPermissionDenied = "docker_permission_denied"
    case imageCorrupt = "image_corrupt"
    case settingsRefused = "settings_refused"
    case nameInUse = "name_in_use"
    case portInUse = "port_in_use"
    case networkNotFound = "network_not_found"
    case volumeNotAvailable = "volume_not_available"
    case commandNotFound = "command_not_found"
    case buildFailed = "build_failed"
    case releaseFailed = "release_failed"
    case containerExited = "container_exited"
    case outOfMemory = "out_of_memory"
    case healthCheckFailed = "health_check_failed"
    case unstable
    case sourceUnreadable = "source_unreadable"
    case sourceNotFound = "source_not_found"
    case sourceAuthRequired = "source_auth_required"
    case copyFailed = "copy_failed"
    case stalled
    case timedOut = "timed_out"
    case cancelled
    case superseded
    case interrupted
    case `internal`
}

/// Why and where a deployment ended without success, and what became of what it had made.
public struct Failure: Sendable, Equatable {
    /// What kind of trouble it was.
    public var code: FailureCode
    /// Where it happened.
    public var stage: Stage
    /// A sentence.
    public var message: String
    /// What to do next.
    public var hint: String
    /// The exit status of the command or container that failed, where one did.
    public var exitCode: Int?
    /// The engine's own last lines.
    public var outputTail: [String]
    /// The container's last lines.
    public var containerLogTail: [String]
    /// Why the container's lines cannot be told; nil if they can.
    public var containerLogNote: String?
    /// What the deployment had made and has taken back.
    public var undone: [String]
    /// What it could not take back.
    public var left: [String]

    /// A failure in a stage.
    public init(
        code: FailureCode,
        stage: Stage,
        message: String,
        hint: String,
        exitCode: Int? = nil,
        outputTail: [String] = [],
        containerLogTail: [String] = [],
        containerLogNote: String? = nil,
        undone: [String] = [],
        left: [String] = []
    ) {
        self.code = code
        self.stage = stage
        self.message = message
        self.hint = hint
        self.exitCode = exitCode
        self.outputTail = outputTail
        self.containerLogTail = containerLogTail
        self.containerLogNote = containerLogNote
        self.undone = undone
        self.left = left
    }

    /// The members of `json` that hold what programs have printed.
    public static let tailNames: Set<String> = ["output_tail", "container_log_tail"]

    /// The failure as it stands in a final event.
    public var json: JSONValue {
        [
            "code": .string(code.rawValue),
            "stage": .string(stage.rawValue),
            "message": .string(message),
            "hint": .string(hint),
            "exit_code": exitCode.map { .integer($0) } ?? .null,
            "output_tail": .strings(outputTail),
            "container_log_tail": .strings(containerLogTail),
            "container_log_note": .optional(containerLogNote),
            "undone": .strings(undone),
            "left": .strings(left),
        ]
    }

    /// Reads what `json` writes; nil if a member is missing or malformed.
    public init?(json: JSONValue) {
        guard let code = json["code"]?.string.flatMap(FailureCode.init(rawValue:)),
            let stage = json["stage"]?.string.flatMap(Stage.init(rawValue:)),
            let message = json["message"]?.string,
            let hint = json["hint"]?.string
        else { return nil }
        func lines(_ name: String) -> [String] {
            json[name]?.elements?.compactMap(\.string) ?? []
        }
        self.init(
            code: code,
            stage: stage,
            message: message,
            hint: hint,
            exitCode: json["exit_code"]?.integer.map { Int($0) },
            outputTail: lines("output_tail"),
            containerLogTail: lines("container_log_tail"),
            containerLogNote: json["container_log_note"]?.string,
            undone: lines("undone"),
            left: lines("left")
        )
    }
}
