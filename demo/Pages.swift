/// The pages that are served from inside the binary.
///
/// The single-deployment page is three files, so that a Content-Security-Policy without
/// `unsafe-inline` can go with it.
public enum Pages {
    /// The single-deployment page: HTML in UTF-8. It asks for `demo/demo.css` and `demo/demo.js`,
    /// relative to its own address, which must not end in a slash.
    ///
    /// In the file they are named as its neighbours, so that it also works opened from a folder.
    public static let demo = Array(
        String(decoding: PackageResources.index_html, as: UTF8.self)
            .replacing("href=\"demo.css\"", with: "href=\"demo/demo.css\"")
            .replacing("src=\"demo.js\"", with: "src=\"demo/demo.js\"")
            .utf8
    )

    /// The single-deployment page's style sheet: CSS in UTF-8.
    public static let style = PackageResources.demo_css

    /// The single-deployment page's script: JavaScript in UTF-8.
    public static let script = PackageResources.demo_js

    /// The Content-Security-Policy that the single-deployment page is made for.
    public static let policy = """
        default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' http: https:; \
        img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
        """
}
