/// Why a request was not checked.
public enum CheckError: Error {
    /// No more checks may be under way than already are.
    case busy(limit: Int)
}
