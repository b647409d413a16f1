import HTTP
import Pages

/// The pages, from inside the binary.
enum PageRoutes {
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
                    ("Content-Security-Policy", Pages.policy),
                    ("Referrer-Policy", "no-referrer"),
                ]),
                body: .bytes(content())
            )
        }
    }
}
