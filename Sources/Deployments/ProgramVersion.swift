/// Which release of the program this is.
public enum ProgramVersion {
    /// Semantic versioning: what changes an answer or an option in a way that is not compatible
    /// changes the first number.
    public static let version = "0.1.0"
}
