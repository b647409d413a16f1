/// A state of the pull. No number in it ever decreases.
public struct PullSnapshot: Sendable, Equatable {
    /// Compressed bytes that need not be downloaded any more. Never above `bytesTotal`.
    public var bytesDone: Int64 = 0
    /// Compressed bytes of all layers whose size is known: it grows where sizes become known
    /// late, and is 0 as long as none is.
    public var bytesTotal: Int64 = 0
    /// Layers of which nothing is left to do.
    public var layersDone = 0
    /// Layers that are known of.
    public var layersTotal = 0
    /// From 0 to 1; 1 only when the pull has succeeded.
    public var fraction = 0.0
    /// What the engine says about trying again; nil while it is not waiting to.
    public var retrying: String?
    /// What the engine is busy with.
    public var phase = Phase.starting
    /// Changes whenever anything has moved. Waiting to try again is no movement.
    public var movement = 0

    /// What the engine is busy with.
    public enum Phase: Sendable, Equatable {
        case starting, downloading, extracting, finished
    }

    /// Nothing has been told yet.
    public init() {}
}
