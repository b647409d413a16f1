import Engine
import Testing

@testable import Docker

struct PullProgressTests {
    private static let one = "ba95c8cdb89b"
    private static let two = "a6eb555832dc"
    private static let three = "d83c37c3b04a"

    private func layer(_ name: String, _ size: Int64) -> PullProgress.Layer {
        PullProgress.Layer(digest: "sha256:\(name)\(String(repeating: "0", count: 52))", size: size)
    }

    private func progress(_ lines: String..., manifest: [PullProgress.Layer] = []) -> PullProgress {
        var progress = PullProgress()
        if !manifest.isEmpty { progress.setManifest(manifest) }
        for line in lines { progress.feed(Array("\(line)\r\n".utf8)) }
        return progress
    }

    @Test func bytesAreWeighedByDownloadAndExtraction() {
        var progress = progress(
            "\(Self.one): Pulling fs layer",
            "\(Self.two): Pulling fs layer",
            "\(Self.one): Downloading  500kB/1MB",
            manifest: [layer(Self.one, 1_000_000), layer(Self.two, 3_000_000)]
        )
        #expect(progress.snapshot.bytesDone == 500_000)
        #expect(progress.snapshot.bytesTotal == 4_000_000)
        #expect(progress.snapshot.layersTotal == 2)
        #expect(abs(progress.snapshot.fraction - 0.1) < 1e-9)
        #expect(progress.snapshot.phase == .downloading)
        progress.feed(Array("\(Self.one): Extracting  500kB/1MB\n".utf8))
        #expect(progress.snapshot.bytesDone == 1_000_000)
        #expect(abs(progress.snapshot.fraction - 0.225) < 1e-9)
        progress.feed(Array("\(Self.one): Pull complete\n".utf8))
        #expect(progress.snapshot.layersDone == 1)
        progress.feed(Array("\(Self.two): Download complete\n".utf8))
        #expect(progress.snapshot.phase == .extracting)
        #expect(progress.snapshot.bytesDone == 4_000_000)
        #expect(progress.snapshot.fraction < 1)
        progress.finish()
        #expect(progress.snapshot.fraction == 1)
        #expect(progress.snapshot.phase == .finished)
        #expect(progress.snapshot.layersDone == 2)
    }

    @Test func aLayerThatIsThereCountsAsDoneWhereItsSizeIsKnown() {
        let lines = ["\(Self.one): Already exists", "\(Self.two): Downloading  1MB/3MB"]
        let without = progress(lines[0], lines[1])
        #expect(without.snapshot.bytesDone == 1_000_000)
        #expect(without.snapshot.bytesTotal == 3_000_000)
        let with = progress(
            lines[0],
            lines[1],
            manifest: [layer(Self.one, 7_000_000), layer(Self.two, 3_000_000)]
        )
        #expect(with.snapshot.bytesDone == 8_000_000)
        #expect(with.snapshot.bytesTotal == 10_000_000)
    }

    @Test func theShareSaysNothingWhileLayersAreStillBeingNamed() {
        var progress = progress("\(Self.one): Already exists", "\(Self.two): Already exists")
        #expect(progress.snapshot.fraction == 0)
        progress.feed(
            Array("\(Self.three): Pulling fs layer\n\(Self.three): Downloading  1B/9B\n".utf8)
        )
        #expect(progress.snapshot.fraction > 0.6)
        #expect(progress.snapshot.fraction < 0.75)
    }

    @Test func aManifestThatComesLateMakesNothingSmaller() {
        var progress = progress(
            "\(Self.one): Downloading  40.01MB/40.01MB",
            "\(Self.two): Pulling fs layer"
        )
        let before = progress.snapshot
        progress.setManifest([layer(Self.one, 40_005_001), layer(Self.two, 100_000_000)])
        #expect(progress.snapshot.bytesTotal > before.bytesTotal)
        #expect(progress.snapshot.bytesDone >= before.bytesDone)
        #expect(progress.snapshot.bytesDone <= progress.snapshot.bytesTotal)
        #expect(progress.snapshot.fraction >= before.fraction)
    }

    @Test func aManifestOfAnotherImageIsForgotten() {
        let foreign = [layer("000000000001", 5), layer("000000000002", 6)]
        var late = progress("\(Self.one): Downloading  1MB/2MB")
        late.setManifest(foreign)
        #expect(late.snapshot.bytesTotal == 2_000_000)
        #expect(late.snapshot.layersTotal == 1)
        late.feed(Array("\(Self.two): Pulling fs layer\n".utf8))
        #expect(late.snapshot.layersTotal == 2)
        late.setManifest([layer(Self.one, 2_000_000), layer(Self.two, 10)])
        #expect(late.snapshot.bytesTotal == 2_000_010)
    }

    @Test func aTwinLayerIsCountedOnce() {
        let progress = progress(
            "\(Self.one): Download complete",
            manifest: [layer(Self.one, 10), layer(Self.two, 20), layer(Self.one, 10)]
        )
        #expect(progress.snapshot.bytesTotal == 30)
        #expect(progress.snapshot.layersTotal == 2)
    }

    @Test func waitingToTryAgainIsTheOnlyLineWithoutMovement() {
        var progress = progress("\(Self.one): Downloading  1MB/2MB")
        let before = progress.snapshot
        progress.feed(Array("\(Self.one): Retrying in 5 seconds \r\n".utf8))
        #expect(progress.snapshot.retrying == "Retrying in 5 seconds")
        #expect(progress.snapshot.movement == before.movement)
        progress.feed(Array("\(Self.one): Retrying in 4 seconds \r\n".utf8))
        #expect(progress.snapshot.movement == before.movement)
        progress.feed(Array("\(Self.one): Downloading  10kB/2MB\r\n".utf8))
        #expect(progress.snapshot.retrying == nil)
        #expect(progress.snapshot.movement > before.movement)
        #expect(progress.snapshot.bytesDone == 1_000_000)
        let moved = progress.snapshot.movement
        progress.feed(Array("\(Self.one): Downloading  10kB/2MB\r\nsome noise\r\n".utf8))
        #expect(progress.snapshot.movement == moved)
    }

    @Test func linesOfNewerEnginesWithoutTotalsAreUnderstood() {
        var progress = progress(
            "\(Self.one): Downloading  3MB",
            "\(Self.one): Download complete",
            "\(Self.one): Extracting  1 s"
        )
        #expect(progress.snapshot.bytesDone == 3_000_000)
        #expect(progress.snapshot.bytesTotal == 3_000_000)
        let before = progress.snapshot
        progress.feed(Array("\(Self.one): Extracting  2 s\n".utf8))
        #expect(progress.snapshot.movement > before.movement)
        #expect(progress.snapshot.fraction == before.fraction)
    }

    @Test func plainLinesKeepTheErrorAndAreBounded() {
        var progress = PullProgress()
        for number in 0..<1000 { progress.feed(Array("noise \(number)\n".utf8)) }
        progress.feed(Array("Error response from daemon: no\r\n".utf8))
        #expect(progress.plainLines.count == 20)
        #expect(progress.plainLines.last == "Error response from daemon: no")
    }

    @Test func layersBeyondAnyImagesAreIgnored() {
        var progress = PullProgress()
        for number in 0..<5000 {
            let name = String(number, radix: 16)
            let padded = String(repeating: "0", count: 12 - name.count) + name
            progress.feed(Array("\(padded): Downloading  999TB/999TB\n".utf8))
        }
        #expect(progress.snapshot.layersTotal == 256)
        #expect(progress.snapshot.fraction <= 1)
    }

    @Test(arguments: [
        ("15.96kB", 15_960), ("0B", 0), ("10MB", 10_000_000), ("1.5GB", 1_500_000_000),
        ("2TB", 2_000_000_000_000), ("99999999999TB", 1 << 50),
    ])
    func sizesAreDecimal(_ text: String, _ bytes: Int64) {
        #expect(PullProgress.Line.bytes(text[...]) == bytes)
    }

    @Test(arguments: ["", "5", "kB", "1e3kB", "-1kB", "5 s", "infB", "1.2.3MB", "١kB"])
    func whatIsNoSizeIsNone(_ text: String) {
        #expect(PullProgress.Line.bytes(text[...]) == nil)
    }
}
