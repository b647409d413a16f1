/// A plan was not made.
public enum PlanError: Error {
    /// As many are being made as may.
    case busy(limit: Int)
}
