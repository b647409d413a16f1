internal import CPages
internal import Deployments
internal import Foundation

/// The pages that are served from inside the binary: the files of this folder, and the demo page's. With
/// them the description of the API, which lies beside the routes.
///
/// Markup, style and script are files of their own, so that a Content-Security-Policy without
/// `unsafe-inline` can go with them. Only `loader.js` stands in the pages.
public enum Pages {
    /// The dashboard: HTML in UTF-8. It asks for files of the folder `dashboard`, which ask for
    /// `slipway.js`.
    public static let dashboard = page(
        String(decoding: file("dashboard/dashboard.html"), as: UTF8.self)
    )
    /// The browser client: a JavaScript module in UTF-8, which asks for files of the folder `client`.
    public static let client = file("slipway.js")

    /// A file of a folder, in UTF-8; nil if there is none of that name.
    public static func file(_ name: String, in folder: String) -> [UInt8]? {
        files["\(folder)/\(name)"]
    }

    /// The single-deployment page: HTML in UTF-8. It asks for files of the folder `demo`, relative to
    /// its own address, which must not end in a slash.
    ///
    /// In the file they are named as its neighbours, so that it also works opened from a folder.
    public static let demo = page(
        String(decoding: file("index.html"), as: UTF8.self)
            .replacing("href=\"demo.css\"", with: "href=\"demo/demo.css\"")
            .replacing("src=\"demo.js\"", with: "src=\"demo/demo.js\"")
    )

    /// The description of the API: an OpenAPI document in JSON.
    public static let description = file("openapi.json")

    /// The Content-Security-Policy that the pages are made for.
    public static let policy = """
        default-src 'none'; script-src 'self' 'sha256-\(Data(SHA256.hash(loader)).base64EncodedString())'; \
        style-src 'self'; connect-src 'self' http: https:; img-src 'self' data:; base-uri 'none'; \
        form-action 'none'; frame-ancestors 'none'
        """

    private static let loader = file("loader.js")

    /// The page with the script that must be there before anything else is loaded.
    private static func page(_ text: String) -> [UInt8] {
        let start = "<meta charset=\"utf-8\">\n"
        let script = "<script>\(String(decoding: loader, as: UTF8.self))</script>\n"
        return Array(text.replacing(start, with: start + script, maxReplacements: 1).utf8)
    }

    private static func file(_ name: String) -> [UInt8] {
        guard let file = files[name] else { preconditionFailure("no file \(name)") }
        return file
    }

    /// By path.
    private static let files: [String: [UInt8]] = {
        var files: [String: [UInt8]] = [:]
        var number: Int32 = 0
        while true {
            let file = unsafe cpages_file(number)
            guard let name = unsafe file.name else { return files }
            unsafe files[String(cString: name)] = Array(
                UnsafeBufferPointer(start: file.bytes, count: file.length)
            )
            number += 1
        }
    }()
}
