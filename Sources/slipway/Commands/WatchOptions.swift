import Terminal

/// How a watch is shown and how long it goes on.
struct WatchOptions: Sendable {
    var detail: EventLines.Detail
    var isJSON: Bool
    var isPlain: Bool
    var isQuiet: Bool
    /// How long to watch; nil for the default of the command.
    var timeout: Duration?

    static let table: [Option] = [
        Option(
            name: "timeout",
            value: "TIME",
            help: "watch for at most this long, such as 90s, 30m or 1h30m (10m)",
            hasVariable: false
        ),
        Option(name: "verbose", short: "v", help: "also show details", hasVariable: false),
        Option(name: "all", help: "show every event", hasVariable: false),
        Option(
            name: "plain",
            help: "write plain lines, without colours and without redrawing",
            hasVariable: false
        ),
        Option(
            name: "quiet",
            short: "q",
            help: "write only the outcome: the URL, or why it failed",
            hasVariable: false
        ),
        Option(name: "json", help: "write the events as lines of JSON", hasVariable: false),
    ]

    init(_ values: OptionValues, environment: [String: String]) throws(UsageError) {
        detail = try values.flag("all") ? .all : try values.flag("verbose") ? .verbose : .normal
        isJSON = try values.flag("json")
        isQuiet = try values.flag("quiet")
        isPlain = try values.flag("plain") || isJSON || isQuiet
        timeout = try values.duration("timeout")
    }

    /// How long deployments are watched if no time is given.
    static let standardTimeout = Duration.seconds(600)
}
