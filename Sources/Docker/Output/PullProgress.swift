public import Engine
import Streams

/// How far `docker pull` has come, told from what it writes.
///
/// Any way of cutting the output gives the same snapshots. Layers are weighed by their compressed
/// bytes: 0.8 of a layer is its download, 0.2 its extraction.
public struct PullProgress: Sendable {
    /// A compressed layer as the registry's manifest names it.
    public struct Layer: Sendable, Equatable {
        /// `sha256:…`
        public var digest: String
        /// Bytes.
        public var size: Int64

        /// A layer.
        public init(digest: String, size: Int64) {
            self.digest = digest
            self.size = size
        }
    }

    /// The state after the last complete line.
    public private(set) var snapshot = PullSnapshot()
    /// The last lines that are no layer's, the oldest first: errors are among them.
    public private(set) var plainLines: [String] = []
    /// The image's digest, once the engine has told it.
    public private(set) var digest: String?
    /// What the engine said at the end: `Downloaded newer image for …`.
    public private(set) var status: String?

    /// Whether a layer's download was begun again.
    public private(set) var hasRetried = false

    private var output = TerminalOutput()
    /// In the order in which they became known.
    private var layers: [State] = []
    /// Where in `layers` a layer is, by the first twelve digits of its digest.
    private var places: [String: Int] = [:]
    /// The engine first names all layers; until then a share of them means nothing.
    private var allNamed = false
    private var finished = false

    /// More layers than any image has.
    private static let mostLayers = 256
    private static let mostPlainLines = 20

    /// Nothing has been written yet.
    public init() {}

    /// Takes the next bytes of the output.
    public mutating func feed(_ bytes: [UInt8]) {
        // Not a copy: that would double the piece it holds at every call.
        var output = TerminalOutput()
        swap(&output, &self.output)
        output.feed(bytes) { take($0) }
        swap(&output, &self.output)
    }

    /// Gives the layers' sizes, before or while the pull runs. Those of another image, as happens
    /// when a tag moves, are of no use and are forgotten.
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

    /// The pull has ended well: everything is done.
    public mutating func finish() {
        var output = TerminalOutput()
        swap(&output, &self.output)
        output.finish { take($0) }
        swap(&output, &self.output)
        finished = true
        update()
    }

    /// Where a layer is or may be added; nil if there are too many.
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

    /// Computes the snapshot; what was told before is its least.
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

    /// A layer of unknown size weighs as much as the mean of the others.
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
