/// The version of the program.
public enum ProgramVersion {
    /// The semantic version. An incompatible change of an answer or an option changes the first
    /// number.
    public static let version = "0.1.0"
}
