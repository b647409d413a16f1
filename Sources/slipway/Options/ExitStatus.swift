/// The exit status of the program.
enum ExitStatus: Int32, Sendable {
    case success = 0
    /// The deployment, or one of several, failed.
    case failed = 1
    /// The command line or the request file is wrong.
    case usage = 2
    /// The server could not be reached, or refused the request.
    case refused = 3
    /// The deployment was cancelled or superseded.
    case cancelled = 4
    /// The deployment had not ended after `--timeout`.
    case timedOut = 5
    /// The output could not be written: `EX_IOERR` of `sysexits.h`.
    case unwritable = 74
    /// Nobody reads the output: 128 + SIGPIPE, the status that a shell sees of most programs then.
    case unread = 141
    /// Interrupted by Ctrl-C.
    case interrupted = 130
}
