import HTTP
import Pages

/// The pages, and what describes the API, from inside the binary.
enum PageRoutes {
    static func add(to router: inout Router<Identity>) {
        add(&router, "/", "text/html; charset=utf-8") { Pages.dashboard }
        add(&router, "/dashboard.css", "text/css; charset=utf-8") { Pages.dashboardStyle }
        add(&router, "/dashboard.js", "text/javascript; charset=utf-8") { Pages.dashboardScript }
        add(&router, "/slipway.js", "text/javascript; charset=utf-8") { Pages.client }
        add(&router, "/demo", "text/html; charset=utf-8") { Pages.demo }
        add(&router, "/demo/demo.css", "text/css; charset=utf-8") { Pages.demoStyle }
        add(&router, "/demo/demo.js", "text/javascript; charset=utf-8") { Pages.demoScript }
        add(&router, "/openapi.json", "application/json") { Pages.description }
    }

    private static func add(
        _ router: inout Router<Identity>,
        _ path: String,
        _ type: String,
        _ content: @escaping @Sendable () -> [UInt8]
    ) {
        router.on(.get, path) { _, _ in
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
