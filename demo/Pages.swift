/// The pages that are served from inside the binary.
public enum Pages {
    /// The single-deployment page: HTML in UTF-8.
    public static var demo: [UInt8] { PackageResources.index_html }
}
