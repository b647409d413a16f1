#include "CPages.h"

// A part of C23, which clang has in every dialect.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char index_html[] = {
#embed "../../demo/index.html"
};
static const unsigned char demo_css[] = {
#embed "../../demo/demo.css"
};
static const unsigned char demo_js[] = {
#embed "../../demo/demo.js"
};
static const unsigned char dashboard_html[] = {
#embed "../../demo/dashboard.html"
};
static const unsigned char dashboard_css[] = {
#embed "../../demo/dashboard.css"
};
static const unsigned char dashboard_js[] = {
#embed "../../demo/dashboard.js"
};
static const unsigned char slipway_js[] = {
#embed "../../demo/slipway.js"
};
static const unsigned char openapi_json[] = {
#embed "../API/openapi.json"
};

#define FILE_OF(name, bytes) {name, bytes, sizeof bytes}

struct cpages_file cpages_file(int number) {
    static const struct cpages_file files[] = {
        FILE_OF("index.html", index_html),         FILE_OF("demo.css", demo_css),
        FILE_OF("demo.js", demo_js),               FILE_OF("dashboard.html", dashboard_html),
        FILE_OF("dashboard.css", dashboard_css),   FILE_OF("dashboard.js", dashboard_js),
        FILE_OF("slipway.js", slipway_js),         FILE_OF("openapi.json", openapi_json),
        {0, 0, 0},
    };
    return files[number];
}
