import Engine
import Foundation
import Testing

@testable import Docker

/// What both clients wrote to a terminal, replayed.
struct PullRecordingTests {
    static let recordings = Fixture.all("terminal")

    private func manifest(_ fixture: Fixture) -> [PullProgress.Layer] {
        let file = Fixture(client: fixture.client, path: "output/manifest.txt")
        guard case .image(let layers) = Manifest.decode(file.bytes) else { return [] }
        return layers
    }

    @Test func thereAreRecordingsOfBothClients() {
        #expect(Set(Self.recordings.map(\.client)) == ["20", "28"])
        #expect(Self.recordings.count == 20)
    }

    @Test(arguments: recordings)
    func everyCutGivesTheSameSnapshot(_ fixture: Fixture) {
        let bytes = fixture.bytes
        var whole = PullProgress()
        whole.feed(bytes)
        // Every offset of the small ones; a prime's multiples of the large ones.
        for cut in stride(from: 0, through: bytes.count, by: bytes.count > 2000 ? 37 : 1) {
            var parted = PullProgress()
            parted.feed(Array(bytes[..<cut]))
            parted.feed(Array(bytes[cut...]))
            #expect(parted.snapshot == whole.snapshot)
            #expect(parted.plainLines == whole.plainLines)
        }
        var single = PullProgress()
        for byte in bytes { single.feed([byte]) }
        #expect(single.snapshot == whole.snapshot)
    }

    @Test(arguments: recordings, ["none", "early", "late"])
    func noNumberEverDecreases(_ fixture: Fixture, _ when: String) {
        let bytes = fixture.bytes
        let isOfLayers = !["twins", "up-to-date", "tag-unknown", "platform-missing"].contains(
            fixture.name
        )
        var progress = PullProgress()
        if when == "early", isOfLayers { progress.setManifest(manifest(fixture)) }
        var last = progress.snapshot
        var isSound = true
        for (place, byte) in bytes.enumerated() {
            if place == bytes.count / 2, when == "late", isOfLayers {
                progress.setManifest(manifest(fixture))
            }
            progress.feed([byte])
            let now = progress.snapshot
            guard now != last else { continue }
            isSound =
                isSound && now.fraction >= last.fraction && now.fraction < 1
                && now.bytesDone >= last.bytesDone && now.bytesDone <= now.bytesTotal
                && now.bytesTotal >= last.bytesTotal && now.layersDone >= last.layersDone
                && now.layersDone <= now.layersTotal
            if when == "early", isOfLayers {
                isSound = isSound && now.bytesTotal == last.bytesTotal
            }
            last = now
        }
        #expect(isSound)
        progress.finish()
        #expect(progress.snapshot.fraction == 1)
        #expect(progress.snapshot.bytesDone == progress.snapshot.bytesTotal)
    }

    @Test(arguments: Fixture.clients)
    func aFreshPullIsToldInSmallSteps(_ client: String) {
        let fixture = Fixture(client: client, path: "terminal/fresh.raw")
        var progress = PullProgress()
        progress.setManifest(manifest(fixture))
        let total = manifest(fixture).reduce(0) { $0 + $1.size }
        #expect(progress.snapshot.bytesTotal == total)
        var percents: Set<Int> = []
        for byte in fixture.bytes {
            progress.feed([byte])
            percents.insert(Int(progress.snapshot.fraction * 100))
        }
        #expect(percents.count > 40)
        #expect(progress.snapshot.bytesDone == total)
        #expect(progress.snapshot.layersDone == progress.snapshot.layersTotal)
        #expect(progress.digest?.hasPrefix("sha256:") == true)
        #expect(progress.status?.hasPrefix("Downloaded newer image for ") == true)
    }

    @Test(arguments: Fixture.clients)
    func withoutAManifestTheTotalsAreWhatTheTerminalTells(_ client: String) {
        let fixture = Fixture(client: client, path: "terminal/fresh.raw")
        var progress = PullProgress()
        progress.feed(fixture.bytes)
        let total = Double(manifest(fixture).reduce(0) { $0 + $1.size })
        // What was there already is missing from it.
        #expect(Double(progress.snapshot.bytesTotal) < total)
        #expect(Double(progress.snapshot.bytesTotal) > total * 0.8)
        #expect(progress.snapshot.bytesDone == progress.snapshot.bytesTotal)
    }

    @Test(arguments: Fixture.clients)
    func anImageThatIsUpToDateHasNoLayers(_ client: String) {
        var progress = PullProgress()
        progress.feed(Fixture(client: client, path: "terminal/up-to-date.raw").bytes)
        #expect(progress.snapshot.layersTotal == 0)
        #expect(progress.status?.hasPrefix("Image is up to date") == true)
        progress.finish()
        #expect(progress.snapshot.fraction == 1)
    }

    @Test(arguments: Fixture.clients)
    func aRetriedPullSaysSoAndComesToItsEnd(_ client: String) {
        var progress = PullProgress()
        var retries: Set<String> = []
        for byte in Fixture(client: client, path: "terminal/retried.raw").bytes {
            progress.feed([byte])
            if let retrying = progress.snapshot.retrying { retries.insert(retrying) }
        }
        #expect(retries.contains("Retrying in 5 seconds"))
        #expect(retries.contains("Retrying in 1 second"))
        #expect(progress.snapshot.retrying == nil)
        #expect(progress.snapshot.layersDone == progress.snapshot.layersTotal)
    }

    @Test(arguments: Fixture.clients)
    func theErrorOnTheTerminalIsAmongThePlainLines(_ client: String) {
        var progress = PullProgress()
        progress.feed(Fixture(client: client, path: "terminal/tag-unknown.raw").bytes)
        #expect(progress.plainLines.last?.contains("manifest unknown") == true)
    }
}
