/// A request was not checked.
public enum CheckError: Error {
    /// As many are being made as may.
    case busy(limit: Int)
}
