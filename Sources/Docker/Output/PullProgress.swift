public import Engine
import Streams

/// How far `docker pull` has come, read from its output.
///
/// The snapshots do not depend on the pieces in which the output comes. Layers are weighted by their
/// compressed bytes: 0.8 of a layer is its download, and 0.2 its extraction.
public struct PullProgress: Sendable {
    /// A compressed layer as the registry's manifest names it.
    public struct Layer: Sendable, Equatable {
        /// The digest: `sha256:…`.
        public var digest: String
        /// The size in bytes.
        public var size: Int64

        /// A layer.
        public init(digest: String, size: Int64) {
            self.digest = digest
            self.size = size
        }
    }

    /// The state after the last complete line.
    public private(set) var snapshot = PullSnapshot()
    /// The last lines that are not about a layer, the oldest first. They include errors.
    public private(set) var plainLines: [String] = []
    /// The digest of the image; nil until the engine gives it.
    public private(set) var digest: String?
    /// What the engine said at the end: `Downloaded newer image for …`. Nil until then.
    public private(set) var status: String?

    /// Whether the download of a layer was begun again.
    public private(set) var hasRetried = false

    private var output = TerminalOutput()
    /// The layers in the order in which they became known.
    private var layers: [State] = []
    /// The indices of layers in `layers`, by the first twelve digits of their digests.
    private var places: [String: Int] = [:]
    /// Whether the engine has named all layers, which it does first. Until then, a fraction means nothing.
    private var allNamed = false
    private var finished = false

    /// The most layers that are tracked. No image has as many.
    private static let mostLayers = 256
    private static let mostPlainLines = 20

    /// The progress before the first output.
    public init() {}

    /// Takes the next bytes of the output.
    public mutating func feed(_ bytes: [UInt8]) {
        // It is swapped, because a copy would duplicate the piece that it holds at every call.
        var output = TerminalOutput()
        swap(&output, &self.output)
        output.feed(bytes) { take($0) }
        swap(&output, &self.output)
    }

    /// Takes the sizes of the layers, before or during the pull. Sizes of another image, as they come if a
    /// tag moves, are of no use and are dropped.
    public mutating func setManifest(_ list: [Layer]) {
        for layer in list {
            guard let colon = layer.digest.firstIndex(of: ":") else { continue }
            let name = String(layer.digest[layer.digest.index(after: colon)...].prefix(12))
            guard let place = place(of: name) else { break }
            layers[place].size = min(max(0, layer.size), Line.largestSize)
            layers[place].isInManifest = true
        }
        forgetForeignManifest()
        update()
    }

    /// The pull has succeeded, so everything is done.
    public mutating func finish() {
        var output = TerminalOutput()
        swap(&output, &self.output)
        output.finish { take($0) }
        swap(&output, &self.output)
        finished = true
        update()
    }

    /// The index of a layer, which is added if it is new; nil if there are too many.
    private mutating func place(of name: String) -> Int? {
        if let place = places[name] { return place }
        guard layers.count < Self.mostLayers else { return nil }
        places[name] = layers.count
        layers.append(State())
        return layers.count - 1
    }

    private mutating func take(_ piece: [UInt8]) {
        guard let line = Line(piece) else { return takePlain(piece) }
        guard let place = place(of: line.layer), layers[place].lastLine != piece else { return }
        let isNew = layers[place].lastLine == nil
        layers[place].lastLine = piece
        layers[place].apply(line.state)
        if isNew { forgetForeignManifest() }
        switch line.state {
        case .waiting, .other: break
        case .complete: if !isNew { allNamed = true }
        default: allNamed = true
        }
        if case .retrying = line.state { hasRetried = true } else { snapshot.movement += 1 }
        update()
    }

    private mutating func takePlain(_ piece: [UInt8]) {
        let text = String(decoding: piece, as: UTF8.self)
        if text.hasPrefix("Digest: ") {
            digest = String(text.dropFirst(8))
            snapshot.movement += 1
        } else if text.hasPrefix("Status: ") {
            status = String(text.dropFirst(8))
        }
        plainLines.append(text)
        if plainLines.count > Self.mostPlainLines { plainLines.removeFirst() }
    }

    private mutating func forgetForeignManifest() {
        let seen = layers.filter { $0.lastLine != nil }
        guard !seen.isEmpty, !seen.contains(where: \.isInManifest) else { return }
        guard seen.count < layers.count else { return }
        let kept = places.filter { layers[$0.value].lastLine != nil }.sorted { $0.value < $1.value }
        layers = seen
        places = [:]
        for (place, entry) in kept.enumerated() { places[entry.key] = place }
    }

    /// Computes the snapshot. No number becomes smaller than in the one before.
    private mutating func update() {
        let total = layers.reduce(0) { $0 + max($1.size, $1.downloaded) }
        snapshot.bytesDone = max(snapshot.bytesDone, layers.reduce(0) { $0 + $1.bytesDone })
        snapshot.bytesTotal = max(snapshot.bytesTotal, total, snapshot.bytesDone)
        snapshot.layersTotal = max(snapshot.layersTotal, layers.count)
        snapshot.layersDone = max(snapshot.layersDone, layers.count { $0.isComplete })
        snapshot.retrying = finished ? nil : layers.lazy.compactMap(\.retrying).first
        if allNamed { snapshot.fraction = max(snapshot.fraction, min(0.99, fraction)) }
        if finished {
            snapshot.bytesDone = snapshot.bytesTotal
            snapshot.layersDone = snapshot.layersTotal
            snapshot.fraction = 1
            snapshot.phase = .finished
        } else if snapshot.phase != .extracting, !layers.isEmpty {
            let isAll = allNamed && layers.allSatisfy(\.isDownloaded)
            snapshot.phase = isAll ? .extracting : .downloading
        }
    }

    /// The fraction of the pull that is done. A layer of unknown size has the mean weight of the others.
    private var fraction: Double {
        let known = layers.count { $0.size > 0 }
        let mean = known == 0 ? 1 : Double(layers.reduce(0) { $0 + $1.size }) / Double(known)
        var done = 0.0
        var whole = 0.0
        for layer in layers {
            let weight = layer.size > 0 ? Double(layer.size) : mean
            done += weight * layer.fraction
            whole += weight
        }
        return whole > 0 ? done / whole : 0
    }
}
