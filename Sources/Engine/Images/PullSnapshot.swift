/// A state of a pull. No number in it ever decreases.
public struct PullSnapshot: Sendable, Equatable {
    /// Compressed bytes that need no more downloading. Never above `bytesTotal`.
    public var bytesDone: Int64 = 0
    /// Compressed bytes of all layers whose size is known. It grows if sizes become known late, and is 0
    /// while no size is known.
    public var bytesTotal: Int64 = 0
    /// Layers that are complete.
    public var layersDone = 0
    /// Layers that are known.
    public var layersTotal = 0
    /// How much of the pull is done, from 0 to 1; 1 only when it has succeeded.
    public var fraction = 0.0
    /// What the engine says while it waits to try again; nil at other times.
    public var retrying: String?
    /// What the engine is doing.
    public var phase = Phase.starting
    /// A number that changes whenever there is progress. Waiting to try again is none.
    public var movement = 0

    /// What the engine is doing.
    public enum Phase: Sendable, Equatable {
        case starting, downloading, extracting, finished
    }

    /// Nothing is known yet.
    public init() {}
}
