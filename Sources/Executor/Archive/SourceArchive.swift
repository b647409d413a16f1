import Streams

/// What is copied into a container, as the tar archive that the engine is given.
protocol SourceArchive: ByteSource {
    /// The bytes of the whole archive.
    var byteCount: Int64 { get }
    /// Why it broke off, where it did.
    var failure: SourceFolder.Unreadable? { get }
    /// Bytes of it that the command has taken.
    var taken: Int64 { get }
    /// Whether its first piece has been read before it was asked for.
    var isReadAhead: Bool { get }

    /// Reads the first piece before it is asked for. Where that fails, the archive is of no use.
    func readAhead() async
}
