/// What the program's end tells whoever started it.
enum ExitStatus: Int32, Sendable {
    case success = 0
    /// The deployment failed, or one of several.
    case failed = 1
    /// The command line or the file cannot be understood.
    case usage = 2
    /// The server could not be reached, or refused.
    case refused = 3
    /// Cancelled or superseded.
    case cancelled = 4
    /// Watched for as long as was to be.
    case timedOut = 5
    /// The output could not be written: `EX_IOERR` of sysexits.
    case unwritable = 74
    /// Nobody reads the output: 128 and SIGPIPE, which is what a shell sees of most programs then.
    case unread = 141
    /// Ctrl-C.
    case interrupted = 130
}
