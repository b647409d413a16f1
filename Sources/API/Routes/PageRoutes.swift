import Deployments
import HTTP
import Pages

/// The routes of the pages and of the API's description, which are part of the binary.
enum PageRoutes {
    private static let html = "text/html; charset=utf-8"
    private static let css = "text/css; charset=utf-8"
    private static let script = "text/javascript; charset=utf-8"

    static func add(to router: inout Router<Identity>) {
        add(&router, "/", html) { Pages.dashboard }
        add(&router, "/slipway.js", script) { Pages.client }
        for folder in ["dashboard", "client", "demo"] { add(&router, folder: folder) }
        add(&router, "/demo", html) { Pages.demo }
        add(&router, "/openapi.json", "application/json") { Pages.description }
    }

    private static func add(
        _ router: inout Router<Identity>,
        _ path: String,
        _ type: String,
        _ content: @escaping @Sendable () -> [UInt8]
    ) {
        router.on(.get, path) { _, _ in response(content(), type) }
    }

    /// Adds the files of a folder that pages load.
    private static func add(_ router: inout Router<Identity>, folder: String) {
        router.on(.get, "/\(folder)/{file}") { request, _ in
            let name = request.pathParameters["file"] ?? ""
            guard let file = Pages.file(name, in: folder) else {
                return .problem(
                    status: 404,
                    detail: "There is no file \(name.excerpt) in \(folder)."
                )
            }
            return response(
                file,
                name.hasSuffix(".css") ? css : name.hasSuffix(".js") ? script : html
            )
        }
    }

    private static func response(_ content: [UInt8], _ type: String) -> Response {
        Response(
            status: 200,
            headers: HeaderFields([
                ("Content-Type", type),
                ("Cache-Control", "no-cache"),
                ("Content-Security-Policy", Pages.policy),
                ("Referrer-Policy", "no-referrer"),
            ]),
            body: .bytes(content)
        )
    }
}
