/// A request was not checked.
public enum CheckError: Error {
    /// As many checks are under way as are allowed.
    case busy(limit: Int)
}
