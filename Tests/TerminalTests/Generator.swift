import Deployments
import Terminal

/// A generator that gives the same numbers for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    private static let pieces: [String] = [
        "a", "shop", "-", " ", "\u{1B}[2J", "\u{1B}]0;title\u{07}", "\r", "\n", "\t", "\0",
        "\u{7F}",
        "\u{9B}31m", "\u{85}", "\u{2028}", "\u{202E}", "\u{2066}", "漢字", "ｗ", "é", "e\u{301}",
        "👍🏽", "👩‍🚀", "❤️", "🇩🇪", "🇩", "\u{200D}", "\u{FE0F}", "🏽", "\u{301}", "1️⃣", "각",
        "\u{1100}", "क्ष", "😀", "\u{1B}", "\u{1B}[", "[15:04:05] ✓ done", "\u{AD}", "\u{600}",
    ]

    /// A text of up to `most` pieces, most of them nothing one would like to see.
    mutating func text(_ most: Int = 8) -> String {
        (0..<Int.random(in: 0...most, using: &self)).reduce(into: "") { text, _ in
            text += Self.pieces.randomElement(using: &self) ?? ""
        }
    }

    mutating func number() -> Int64 {
        [
            0, 1, -1, 999, 41_200_000, 96_000_000, .max, .min,
            Int64.random(in: 0...1 << 40, using: &self),
        ]
        .randomElement(using: &self) ?? 0
    }

    mutating func detail() -> JSONValue? {
        switch Int.random(in: 0...4, using: &self) {
        case 0:
            [
                "bytes_done": .integer(number()), "bytes_total": .integer(number()),
                "bytes_per_second": .integer(number()), "eta_seconds": .integer(number()),
                "layers_done": .integer(number()), "layers_total": .integer(number()),
            ]
        case 1: ["ports": ["frontend": .bool(true)], "name": .string(text())]
        case 2: .array([.string(text()), .null, .number(.nan)])
        case 3: ["bytes_done": .string(text()), "ports": .null, text(): .string(text())]
        default: nil
        }
    }

    mutating func outcome(success: Bool) -> Event.Outcome {
        var result = DeploymentResult(
            success: success,
            message: text(),
            containerName: text(),
            image: text()
        )
        result.endpointURL = Bool.random(using: &self) ? "http://localhost:32768" : text()
        result.urls = [text(): text(), "web": text()]
        result.healthStatus = ["web": Bool.random(using: &self)]
        result.replaced = text()
        guard !success else { return Event.Outcome(result: result) }
        let failure = Failure(
            code: FailureCode.allCases.randomElement(using: &self) ?? .internal,
            stage: Stage.allCases.randomElement(using: &self) ?? .queued,
            message: text(),
            hint: text(),
            exitCode: 1,
            outputTail: [text(), text()],
            containerLogTail: [text(), text()],
            undone: [text()],
            left: [text()]
        )
        return Event.Outcome(result: result, failure: failure)
    }

    mutating func event(_ id: DeploymentID, _ stage: Stage, at moment: Timestamp) -> Event {
        Event(
            deploymentID: id,
            timestamp: moment,
            message: text(),
            stage: stage,
            progress: Int(truncatingIfNeeded: number()),
            detail: detail(),
            outcome: stage.isFinal ? outcome(success: stage == .completed) : nil
        )
    }

    /// A watch of up to `most` deployments that stand anyhow.
    mutating func watch(upTo most: Int, at start: Timestamp) -> WatchState {
        var watch = WatchState()
        var id: Int64 = 0
        for _ in 0..<Int.random(in: 0...most, using: &self) {
            let deployment = DeploymentID()
            watch.add(
                deployment,
                name: text(6),
                environment: ["default", "prod", text()].randomElement(using: &self) ?? "",
                createdAt: start,
                copy: Bool.random(using: &self) ? .afterStart : .beforeStart
            )
            for stage in Stage.pipeline(.afterStart).prefix(Int.random(in: 0...6, using: &self)) {
                id += 1
                watch.apply(event(deployment, stage, at: start), id: id)
            }
            let last = Stage.allCases.randomElement(using: &self) ?? .queued
            if last.isFinal { watch.apply(event(deployment, last, at: start), id: id + 1) }
            id += 1
        }
        let connections: [WatchState.Connection] = [
            .live, .connecting, .lost(retryAt: nil, attempt: 0),
            .lost(retryAt: Timestamp(microseconds: start.microseconds + 5_000_000), attempt: .max),
        ]
        watch.connection = connections.randomElement(using: &self) ?? .live
        return watch
    }
}

/// Whether a text could do anything to a terminal but show signs.
func steersTerminal(_ text: String) -> Bool {
    text.unicodeScalars.contains { scalar in
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default:
            (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
        }
    }
}
