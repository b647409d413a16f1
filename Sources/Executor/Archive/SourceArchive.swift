import Streams

/// The files that are copied into a container, as the tar archive that is passed to the engine.
protocol SourceArchive: ByteSource {
    /// The number of bytes of the whole archive.
    var byteCount: Int64 { get }
    /// Why the archive could not be completed; nil if there was no error.
    var failure: SourceFolder.Unreadable? { get }
    /// The number of bytes that the command has taken.
    var taken: Int64 { get }
    /// Whether its first piece has been read ahead.
    var isReadAhead: Bool { get }

    /// Reads the first piece before it is requested. If that fails, the archive cannot be used.
    func readAhead() async
}
