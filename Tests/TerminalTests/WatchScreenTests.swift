import Deployments
import Terminal
import Testing

@Suite struct WatchScreenTests {
    private let start = Timestamp(microseconds: 1_795_273_440_000_000)
    private var now: Timestamp { Timestamp(microseconds: start.microseconds + 12_000_000) }

    private func render(_ watch: WatchState, _ width: Int, _ height: Int = 24) -> [String] {
        WatchScreen.render(
            watch,
            size: TerminalSize(width: width, height: height),
            now: now,
            style: .plain
        )
    }

    private func event(
        _ id: DeploymentID,
        _ stage: Stage,
        _ progress: Int,
        _ detail: JSONValue? = nil,
        _ outcome: Event.Outcome? = nil
    ) -> Event {
        Event(
            deploymentID: id,
            timestamp: start,
            message: "Doing what is to be done",
            stage: stage,
            progress: progress,
            detail: detail,
            outcome: outcome
        )
    }

    private let pulled: JSONValue = [
        "bytes_done": .integer(41_200_000), "bytes_total": .integer(96_000_000),
        "bytes_per_second": .integer(20_500_000), "eta_seconds": .integer(3),
    ]

    private func result(success: Bool) -> DeploymentResult {
        var result = DeploymentResult(success: success, message: "", containerName: "", image: "")
        result.endpointURL = success ? "http://localhost:32768" : nil
        return result
    }

    /// One that pulls, one with a wide name in its health check, one failed, one done, one queued.
    private func watch(_ count: Int = 5) -> WatchState {
        var watch = WatchState()
        watch.connection = .live
        var ids: [DeploymentID] = []
        for name in ["shop", "商店前端", "mail", "auth", "billing"].prefix(count) {
            let id = DeploymentID()
            ids.append(id)
            watch.add(id, name: name, environment: "default", createdAt: start, copy: .afterStart)
        }
        watch.apply(event(ids[0], .validating, 5), id: 1)
        watch.apply(event(ids[0], .pullingImage, 18, pulled), id: 2)
        guard count == 5 else { return watch }
        watch.apply(event(ids[1], .healthCheck, 94), id: 3)
        watch.apply(event(ids[2], .pullingImage, 10), id: 4)
        let failure = Failure(
            code: .imageNotFound,
            stage: .pullingImage,
            message: "There is no mail:9.",
            hint: ""
        )
        let outcome = Event.Outcome(result: result(success: false), failure: failure)
        watch.apply(event(ids[2], .error, 100, nil, outcome), id: 5)
        let done = Event.Outcome(result: result(success: true))
        watch.apply(event(ids[3], .completed, 100, nil, done), id: 6)
        return watch
    }

    @Test func oneDeploymentAtEachWidth() {
        let one = watch(1)
        #expect(render(one, 9) == ["⠋  18%"])
        #expect(render(one, 20) == ["⠋ shop  ▕▋   ▏  18%"])
        #expect(render(one, 40) == ["⠋ shop  pulling image   ▕█▍      ▏  18%"])
        #expect(
            render(one, 80) == [
                "⠋ shop  ✓●○○○○ pulling image   ▕███▍               ▏  18%     12s  41.2/96.0 MB"
            ]
        )
        #expect(
            render(one, 120) == [
                "⠋ shop  ✓●○○○○ pulling image   ▕██████▊                               ▏  18%"
                    + "     12s  41.2/96.0 MB  3s left  20.5 MB/s"
            ]
        )
        #expect(
            render(one, 200) == [
                "⠋ shop  ✓●○○○○ pulling image   ▕███████▏                                ▏  18%"
                    + "     12s  41.2/96.0 MB  3s left  20.5 MB/s"
            ]
        )
    }

    @Test func severalDeploymentsLineUpAt40Columns() {
        #expect(
            render(watch(), 40) == [
                "⠋ shop      ▕███▌                ▏  18%",
                "⠋ 商店前端  ▕██████████████████▊ ▏  94%",
                "○ billing   ▕                    ▏   0%",
                "✗ mail      ▕██                  ▏  10%",
                "✓ auth      ▕████████████████████▏ 100%",
            ]
        )
    }

    @Test func severalDeploymentsLineUpAt80Columns() {
        #expect(
            render(watch(), 80) == [
                "⠋ shop      ✓●○○○○ pulling image   ▕██▋            ▏  18%     12s  41.2/96.0 MB",
                "⠋ 商店前端  -----● health check    ▕██████████████ ▏  94%     12s",
                "○ billing   ○○○○○○ queued          ▕               ▏   0%     12s",
                "✗ mail      -✗---- failed: image_not_found            10%      0s",
                "✓ auth      ------ http://localhost:32768            100%      0s",
            ]
        )
    }

    @Test func endIsExplainedWhereThereIsRoom() {
        let lines = render(watch(), 200)
        #expect(lines[3].hasSuffix("0s  image_not_found  There is no mail:9."))
        #expect(lines[4].hasSuffix("100%      0s  http://localhost:32768"))
    }

    @Test func deploymentsUnderWayComeFirstAndTheRestIsCounted() {
        let lines = render(watch(), 80, 5)
        #expect(lines.count == 3)
        #expect(lines[0].hasPrefix("⠋ shop"))
        #expect(lines[1].hasPrefix("⠋ 商店前端"))
        #expect(lines[2] == "… and 3 more (1 queued, 1 completed, 1 failed)")
        let all = "44% of 5: 2 running, 1 queued, 1 completed, 1 failed"
        #expect(render(watch(), 80, 1) == [all])
    }

    @Test func lostConnectionIsSaid() {
        var lost = watch(1)
        let retry = Timestamp(microseconds: now.microseconds + 2_100_000)
        lost.connection = .lost(retryAt: retry, attempt: 2)
        #expect(render(lost, 80)[1] == "! connection lost, trying again in 3 s (attempt 2)")
        #expect(render(lost, 80, 1) == ["! connection lost, trying again in 3 s (attempt 2)"])
        lost.connection = .lost(retryAt: nil, attempt: 0)
        #expect(render(lost, 20)[1] == "! connection lost,…")
    }

    @Test func colourChangesNothingButColour() {
        let size = TerminalSize(width: 120, height: 24)
        let lines = WatchScreen.render(watch(), size: size, now: now, style: .coloured)
        #expect(lines.joined().contains("\u{1B}[31m"))
        #expect(lines.map(printable) == render(watch(), 120))
    }

    @Test func spinnerTurnsWithTheClockAlone() {
        let size = TerminalSize(width: 80, height: 24)
        let later = Timestamp(microseconds: now.microseconds + 100_000)
        let before = Timestamp(microseconds: -150_000)
        for (moment, frame) in [(now, "⠋"), (later, "⠙"), (before, "⠙")] {
            let lines = WatchScreen.render(watch(1), size: size, now: moment, style: .plain)
            #expect(lines[0].hasPrefix(frame))
        }
    }

    @Test func everyLineFitsEveryTerminalWhateverIsShown() {
        var random = SeededGenerator(seed: 3)
        let watches = (0..<40).map { index in random.watch(upTo: index < 30 ? 6 : 60, at: start) }
        for width in 1...220 {
            for height in 1...50 {
                let watch = watches[(width * 7 + height) % watches.count]
                let lines = render(watch, width, height)
                let fits = lines.allSatisfy { DisplayWidth.of($0) <= width - 1 }
                let isSafe = !lines.contains(where: steersTerminal)
                #expect(
                    fits && isSafe && lines.count <= max(1, height - 2),
                    "\(width)×\(height): \(lines)"
                )
                guard width >= 20, watch.connection == .live, !watch.rows.isEmpty else { continue }
                let named = lines.count { $0.contains("%") }
                let shown = min(watch.rows.count, max(1, height - 2))
                #expect(named >= shown - 1 && named >= 1, "\(width)×\(height): \(lines)")
            }
        }
    }
}
