/// The reason why a deployment failed, as a word that programs can branch on.
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

/// Why and in which stage a deployment ended without success, and what has happened to the things
/// that it had created.
public struct Failure: Sendable, Equatable {
    /// The kind of failure.
    public var code: FailureCode
    /// The stage of the failure.
    public var stage: Stage
    /// A sentence that says what happened.
    public var message: String
    /// A sentence that says what to do next.
    public var hint: String
    /// The exit status of the command or container that failed, if one did.
    public var exitCode: Int?
    /// The last lines of the engine's own output.
    public var outputTail: [String]
    /// The last lines of the container's output.
    public var containerLogTail: [String]
    /// Why the container's lines are missing; nil if they are not.
    public var containerLogNote: String?
    /// The things that the deployment had created and has removed again.
    public var undone: [String]
    /// The things that it could not remove.
    public var left: [String]

    /// Creates a failure.
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

    /// The members of `json` that hold the output of programs.
    public static let tailNames: Set<String> = ["output_tail", "container_log_tail"]

    /// The failure as it appears in a final event.
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

    /// Parses what `json` writes; nil if a member is missing or malformed.
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
