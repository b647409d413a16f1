/// Which parts the lines of a watch have at a given width, and how wide each part is.
///
/// It depends on the width and the names alone, so that nothing moves while deployments run.
struct RowLayout: Equatable {
    /// The columns of the name; 0 if it is left out.
    private(set) var name = 0
    /// Whether the six ticks are shown.
    private(set) var ticks = false
    /// Whether the stage is named.
    private(set) var stage = false
    /// The columns of the bar between its ends; 0 if it is left out.
    private(set) var bar = 0
    /// Whether the percentage is shown.
    private(set) var percent = false
    /// Whether the time since the request is shown.
    private(set) var elapsed = false
    /// The columns for bytes, rate and time left, or for another text; 0 if they are left out.
    private(set) var detail = 0

    static let signWidth = 1
    static let ticksWidth = 6
    static let stageWidth = 15
    static let percentWidth = 4
    static let elapsedWidth = 7
    private static let greatestBar = 40
    private static let greatestName = 32

    private struct Level {
        /// The minimum columns of each part.
        var name = 0
        var bar = 0
        var detail = 0
        var ticks = false
        var stage = false
        var elapsed = false
    }

    /// What is left out as lines get narrower: rate, time left, bytes, ticks, elapsed time, stage, bar,
    /// name.
    private static let levels = [
        Level(name: 16, bar: 10, detail: 33, ticks: true, stage: true, elapsed: true),
        Level(name: 16, bar: 10, detail: 22, ticks: true, stage: true, elapsed: true),
        Level(name: 13, bar: 8, detail: 12, ticks: true, stage: true, elapsed: true),
        Level(name: 13, bar: 8, ticks: true, stage: true, elapsed: true),
        Level(name: 12, bar: 8, stage: true, elapsed: true),
        Level(name: 12, bar: 8, stage: true),
        Level(name: 12, bar: 10),
        Level(name: 6, bar: 4),
        Level(name: 3),
    ]

    /// The layout for lines of at most `width` columns; `longestName` is the width of the longest name of
    /// all deployments.
    init(width: Int, longestName: Int) {
        for level in Self.levels {
            var layout = RowLayout(level, longestName: longestName)
            let room = width - layout.width
            guard room >= 0 else { continue }
            layout.spread(room, longestName: longestName)
            self = layout
            return
        }
        percent = width >= Self.percentWidth
    }

    private init(_ level: Level, longestName: Int) {
        name = min(level.name, longestName)
        bar = level.bar
        ticks = level.ticks
        stage = level.stage
        elapsed = level.elapsed
        detail = level.detail
        percent = true
    }

    /// Distributes the columns that are left: first to the name and the bar, up to a useful width, then to
    /// all parts.
    private mutating func spread(_ room: Int, longestName: Int) {
        var room = room
        func grow(_ part: inout Int, upTo most: Int) {
            let more = min(room, max(0, most - part))
            part += more
            room -= more
        }
        grow(&name, upTo: min(longestName, 24))
        if bar > 0 { grow(&bar, upTo: 20) }
        grow(&name, upTo: min(longestName, Self.greatestName))
        if bar > 0 { grow(&bar, upTo: Self.greatestBar) }
        if detail > 0 { grow(&detail, upTo: .max) }
    }

    /// Whether there is room for the sign as well.
    func hasSign(in width: Int) -> Bool {
        name > 0 || bar > 0 || width >= Self.signWidth + 1 + Self.percentWidth
    }

    /// The columns of all parts and of the blanks between them.
    var width: Int {
        var width = Self.signWidth + 1 + name
        if ticks { width += 2 + Self.ticksWidth }
        if stage { width += (ticks ? 1 : 2) + Self.stageWidth }
        if bar > 0 { width += (ticks || stage ? 1 : 2) + bar + 2 }
        if percent { width += 1 + Self.percentWidth }
        if elapsed { width += 1 + Self.elapsedWidth }
        if detail > 0 { width += 2 + detail }
        return width
    }
}
