import HTTP
import Pages

/// The pages, from inside the binary.
enum PageRoutes {
    /// Nothing but the server's own files; connections to wherever the reader points the page.
    private static let policy = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
        connect-src 'self' http: https:; base-uri 'none'; form-action 'none'; \
        frame-ancestors 'none'
        """

    static func add(to router: inout Router) {
        add(&router, "/demo", "text/html; charset=utf-8") { Pages.demo }
        add(&router, "/demo/demo.css", "text/css; charset=utf-8") { Pages.style }
        add(&router, "/demo/demo.js", "text/javascript; charset=utf-8") { Pages.script }
    }

    private static func add(
        _ router: inout Router,
        _ path: String,
        _ type: String,
        _ content: @escaping @Sendable () -> [UInt8]
    ) {
        router.on(.get, path) { _ in
            Response(
                status: 200,
                headers: HeaderFields([
                    ("Content-Type", type),
                    ("Cache-Control", "no-cache"),
                    ("Content-Security-Policy", policy),
                    ("Referrer-Policy", "no-referrer"),
                ]),
                body: .bytes(content())
            )
        }
    }
}
