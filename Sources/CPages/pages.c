#include "CPages.h"

// A part of C23, which clang has in every dialect.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char index_html[] = {
#embed "../../demo/index.html"
};
static const unsigned char demo_demo_css[] = {
#embed "../../demo/demo.css"
};
static const unsigned char demo_controls_js[] = {
#embed "../../demo/controls.js"
};
static const unsigned char demo_demo_js[] = {
#embed "../../demo/demo.js"
};
static const unsigned char demo_drawing_js[] = {
#embed "../../demo/drawing.js"
};
static const unsigned char demo_faults_js[] = {
#embed "../../demo/faults.js"
};
static const unsigned char demo_files_js[] = {
#embed "../../demo/files.js"
};
static const unsigned char demo_follower_js[] = {
#embed "../../demo/follower.js"
};
static const unsigned char demo_form_js[] = {
#embed "../../demo/form.js"
};
static const unsigned char demo_log_js[] = {
#embed "../../demo/log.js"
};
static const unsigned char demo_main_js[] = {
#embed "../../demo/main.js"
};
static const unsigned char demo_notice_js[] = {
#embed "../../demo/notice.js"
};
static const unsigned char demo_outcome_js[] = {
#embed "../../demo/outcome.js"
};
static const unsigned char demo_request_js[] = {
#embed "../../demo/request.js"
};
static const unsigned char demo_rows_js[] = {
#embed "../../demo/rows.js"
};
static const unsigned char demo_run_js[] = {
#embed "../../demo/run.js"
};
static const unsigned char demo_server_js[] = {
#embed "../../demo/server.js"
};
static const unsigned char demo_settings_js[] = {
#embed "../../demo/settings.js"
};
static const unsigned char demo_state_js[] = {
#embed "../../demo/state.js"
};
static const unsigned char demo_words_js[] = {
#embed "../../demo/words.js"
};
static const unsigned char openapi_json[] = {
#embed "../API/openapi.json"
};
static const unsigned char loader_js[] = {
#embed "../Pages/loader.js"
};
static const unsigned char slipway_js[] = {
#embed "../Pages/slipway.js"
};
static const unsigned char client_buffering_js[] = {
#embed "../Pages/client/buffering.js"
};
static const unsigned char client_client_js[] = {
#embed "../Pages/client/client.js"
};
static const unsigned char client_event_stream_js[] = {
#embed "../Pages/client/event-stream.js"
};
static const unsigned char client_lists_js[] = {
#embed "../Pages/client/lists.js"
};
static const unsigned char client_problem_js[] = {
#embed "../Pages/client/problem.js"
};
static const unsigned char client_store_js[] = {
#embed "../Pages/client/store.js"
};
static const unsigned char client_stream_js[] = {
#embed "../Pages/client/stream.js"
};
static const unsigned char dashboard_actions_js[] = {
#embed "../Pages/dashboard/actions.js"
};
static const unsigned char dashboard_address_js[] = {
#embed "../Pages/dashboard/address.js"
};
static const unsigned char dashboard_apps_js[] = {
#embed "../Pages/dashboard/apps.js"
};
static const unsigned char dashboard_connection_js[] = {
#embed "../Pages/dashboard/connection.js"
};
static const unsigned char dashboard_dashboard_css[] = {
#embed "../Pages/dashboard/dashboard.css"
};
static const unsigned char dashboard_dashboard_html[] = {
#embed "../Pages/dashboard/dashboard.html"
};
static const unsigned char dashboard_details_js[] = {
#embed "../Pages/dashboard/details.js"
};
static const unsigned char dashboard_dom_js[] = {
#embed "../Pages/dashboard/dom.js"
};
static const unsigned char dashboard_drawer_js[] = {
#embed "../Pages/dashboard/drawer.js"
};
static const unsigned char dashboard_fields_js[] = {
#embed "../Pages/dashboard/fields.js"
};
static const unsigned char dashboard_form_js[] = {
#embed "../Pages/dashboard/form.js"
};
static const unsigned char dashboard_history_js[] = {
#embed "../Pages/dashboard/history.js"
};
static const unsigned char dashboard_list_js[] = {
#embed "../Pages/dashboard/list.js"
};
static const unsigned char dashboard_main_js[] = {
#embed "../Pages/dashboard/main.js"
};
static const unsigned char dashboard_outcome_js[] = {
#embed "../Pages/dashboard/outcome.js"
};
static const unsigned char dashboard_parts_js[] = {
#embed "../Pages/dashboard/parts.js"
};
static const unsigned char dashboard_row_js[] = {
#embed "../Pages/dashboard/row.js"
};
static const unsigned char dashboard_state_js[] = {
#embed "../Pages/dashboard/state.js"
};
static const unsigned char dashboard_theme_js[] = {
#embed "../Pages/dashboard/theme.js"
};
static const unsigned char dashboard_words_js[] = {
#embed "../Pages/dashboard/words.js"
};

#define FILE_OF(name, bytes) {name, bytes, sizeof bytes}

struct cpages_file cpages_file(int number) {
    static const struct cpages_file files[] = {
        FILE_OF("index.html", index_html),
        FILE_OF("demo/demo.css", demo_demo_css),
        FILE_OF("demo/controls.js", demo_controls_js),
        FILE_OF("demo/demo.js", demo_demo_js),
        FILE_OF("demo/drawing.js", demo_drawing_js),
        FILE_OF("demo/faults.js", demo_faults_js),
        FILE_OF("demo/files.js", demo_files_js),
        FILE_OF("demo/follower.js", demo_follower_js),
        FILE_OF("demo/form.js", demo_form_js),
        FILE_OF("demo/log.js", demo_log_js),
        FILE_OF("demo/main.js", demo_main_js),
        FILE_OF("demo/notice.js", demo_notice_js),
        FILE_OF("demo/outcome.js", demo_outcome_js),
        FILE_OF("demo/request.js", demo_request_js),
        FILE_OF("demo/rows.js", demo_rows_js),
        FILE_OF("demo/run.js", demo_run_js),
        FILE_OF("demo/server.js", demo_server_js),
        FILE_OF("demo/settings.js", demo_settings_js),
        FILE_OF("demo/state.js", demo_state_js),
        FILE_OF("demo/words.js", demo_words_js),
        FILE_OF("openapi.json", openapi_json),
        FILE_OF("loader.js", loader_js),
        FILE_OF("slipway.js", slipway_js),
        FILE_OF("client/buffering.js", client_buffering_js),
        FILE_OF("client/client.js", client_client_js),
        FILE_OF("client/event-stream.js", client_event_stream_js),
        FILE_OF("client/lists.js", client_lists_js),
        FILE_OF("client/problem.js", client_problem_js),
        FILE_OF("client/store.js", client_store_js),
        FILE_OF("client/stream.js", client_stream_js),
        FILE_OF("dashboard/actions.js", dashboard_actions_js),
        FILE_OF("dashboard/address.js", dashboard_address_js),
        FILE_OF("dashboard/apps.js", dashboard_apps_js),
        FILE_OF("dashboard/connection.js", dashboard_connection_js),
        FILE_OF("dashboard/dashboard.css", dashboard_dashboard_css),
        FILE_OF("dashboard/dashboard.html", dashboard_dashboard_html),
        FILE_OF("dashboard/details.js", dashboard_details_js),
        FILE_OF("dashboard/dom.js", dashboard_dom_js),
        FILE_OF("dashboard/drawer.js", dashboard_drawer_js),
        FILE_OF("dashboard/fields.js", dashboard_fields_js),
        FILE_OF("dashboard/form.js", dashboard_form_js),
        FILE_OF("dashboard/history.js", dashboard_history_js),
        FILE_OF("dashboard/list.js", dashboard_list_js),
        FILE_OF("dashboard/main.js", dashboard_main_js),
        FILE_OF("dashboard/outcome.js", dashboard_outcome_js),
        FILE_OF("dashboard/parts.js", dashboard_parts_js),
        FILE_OF("dashboard/row.js", dashboard_row_js),
        FILE_OF("dashboard/state.js", dashboard_state_js),
        FILE_OF("dashboard/theme.js", dashboard_theme_js),
        FILE_OF("dashboard/words.js", dashboard_words_js),
        {0, 0, 0},
    };
    return files[number];
}
