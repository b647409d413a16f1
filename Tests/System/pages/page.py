#!/usr/bin/env python3
"""Tests of the page in a browser, against the mock server: no Docker engine is needed.

    page.py [NAME...]

Runs the unit tests of its script too. Needs python3, chromium and chromium-driver.
"""

import contextlib
import functools
import http.server
import pathlib
import subprocess
import sys
import threading
import time

from webdriver import Browser, WebDriverError

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
TESTS = []


class Mock:
    """The mock server as a child of this process."""

    def __init__(self, *options):
        command = [sys.executable, str(ROOT / "fixtures/lab/page"), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def test(*options):
    """Marks a test; `options` are the mock server's."""

    def mark(body):
        TESTS.append((body.__name__, options, body))
        return body

    return mark


def check(condition, words):
    if not condition:
        raise WebDriverError(words)


def open_page(browser, mock, fragment=""):
    """Waits for the page's scripts, too: it loads itself again if the network's changes take one away."""
    browser.open(f"{mock.url}/demo{fragment}")
    browser.wait("the page's scripts", lambda: browser.text("#theme"), 20)


def submit(browser, mock, name, **fields):
    open_page(browser, mock)
    browser.type("#f-script_name", name)
    browser.type("#f-script_folder", "/srv/scripts/hello")
    for selector, text in fields.items():
        browser.type(f"#{selector}", text)
    browser.click("#submit")


def outcome(browser):
    browser.wait("the end", lambda: browser.visible("#outcome"), 40)
    return browser.script("return document.getElementById('run').dataset.outcome")


def statuses(browser):
    return browser.script("return [...document.querySelectorAll('#timeline li')].map(li => li.dataset.status)")


def log(browser):
    return browser.script("return [...document.querySelectorAll('#log .words')].map(e => e.textContent)")


@test()
def the_page_s_modules_pass_their_unit_tests(browser, mock):
    unit_tests(browser, "unit.html")


@contextlib.contextmanager
def files():
    """The repository's files by HTTP: a browser loads no module from a file."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(ROOT))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def unit_tests(browser, page):
    with files() as address:
        browser.open(f"{address}/{HERE.relative_to(ROOT)}/{page}")
        browser.wait("the unit tests", lambda: browser.text("#report") != "running", 120)
        report = browser.text("#report")
        check(report.endswith("passed"), "\n".join(line for line in report.splitlines() if not line.startswith("ok")))


@test()
def the_browser_client_passes_its_unit_tests(browser, mock):
    unit_tests(browser, "client.html")


@test("--speed", "4")
def a_success_shows_links_health_and_times(browser, mock):
    submit(browser, mock, "hello")
    check(outcome(browser) == "success", "not a success")
    check(statuses(browser) == ["success"] * 6, f"stages are {statuses(browser)}")
    check(browser.text(".endpoint a") == "http://localhost:32768", "the endpoint is not linked")
    check("not healthy" not in browser.text("#outcome"), "a healthy port is shown as not healthy")
    check(any("bereit für Gäste" in line for line in log(browser)), "characters outside ASCII were damaged")
    check(browser.text("#announcer").startswith("Deployment completed"), "the end was not announced")
    check("✓ hello" in browser.title(), browser.title())


@test("--speed", "4")
def a_failure_shows_code_hint_tails_and_what_was_undone(browser, mock):
    submit(browser, mock, "fail")
    check(outcome(browser) == "failed", "not a failure")
    card = browser.text("#outcome")
    for words in ["container_exited", "exit code 1", "What to do", "not running", "No module named 'flask'",
                  "Undone", "port 32768 released", "Left behind"]:
        check(words in card, f"the card does not say {words!r}")
    check(statuses(browser)[3:] == ["failed", "skipped", "skipped"], f"stages are {statuses(browser)}")
    check(browser.text("#percent") != "100", "a failure is shown as 100 %")


@test()
def faults_are_shown_at_their_fields_and_the_summary_is_focused(browser, mock):
    open_page(browser, mock)
    browser.type("#f-script_name", "invalid")
    browser.type("#f-script_folder", "/nowhere")
    browser.click("label[for=ports-chosen]")
    browser.click("#add-env")
    browser.type("#env-rows input[id$=name]", "2FAST")
    browser.type("#env-rows input[id$=value]", "hush-hush")
    browser.click("#submit")
    browser.wait("the summary", lambda: browser.visible("#error-summary"))
    check(browser.script("return document.activeElement.id") == "error-summary", "the summary has no focus")
    invalid = browser.script("return [...document.querySelectorAll('[aria-invalid=true]')].map(e => e.id.replace(/-\\d+-/, '-'))")
    check(invalid == ["f-script_folder", "port-container", "env-value", "f-memory"], f"marked are {invalid}")
    check(browser.script("return document.getElementById('advanced').open"), "the fold with a fault is closed")
    check("scirpt" in browser.text("#error-summary"), "a fault without a field is not told")
    browser.click("#error-list a")
    check(browser.script("return document.activeElement.id") == "f-script_folder", "the link leads elsewhere")
    browser.type("#f-script_folder", "/srv")
    check(browser.script("return document.getElementById('f-script_folder').ariaInvalid") is None, "the fault stays after a change")
    kept = browser.script("return JSON.stringify(localStorage)")
    check("2FAST" in kept and "hush-hush" not in kept, "the value of a variable was kept")


@test()
def an_empty_form_is_answered_without_a_request(browser, mock):
    open_page(browser, mock)
    browser.click("#submit")
    check("2 values" in browser.text("#error-summary-title"), "not both required fields are named")


@test("--speed", "4")
def a_reload_in_the_middle_shows_everything_again(browser, mock):
    submit(browser, mock, "hold")
    browser.wait("40 % of the pull", lambda: browser.text("#percent") == "18")
    browser.reload()
    browser.wait("the replay", lambda: browser.text("#percent") == "18")
    check(browser.text("#run-title") == "hold", "the name is lost")
    check("38.4 of 96.0 MB" in browser.text("#figures"), "the figures are lost")
    check(browser.text("#announcer") == "", "what was announced is announced again")
    check("18%" in browser.title(), browser.title())
    browser.click("#cancel")
    check(outcome(browser) == "cancelled", "not cancelled")
    check("container removed" in browser.text("#outcome"), "what was undone is not told")


@test("--speed", "2")
def a_stream_that_is_cut_again_and_again_is_taken_up_without_gap_or_repeat(browser, mock):
    submit(browser, mock, "drop")
    check(outcome(browser) == "success", "not a success")
    words = [line for line in log(browser) if not line.startswith("Connection lost")]
    check(len(words) == len(set(words)) and len(words) < len(log(browser)), f"the log is {log(browser)}")


@test("--speed", "4")
def where_streams_stop_getting_through_the_page_polls_to_the_end(browser, mock):
    submit(browser, mock, "nostream-later")
    check(outcome(browser) == "success", "not a success")
    words = log(browser)
    check(any(line.startswith("Streaming does not get through") for line in words), f"the log is {words}")
    check("frontend answers with 200" in words, "what happened before the first poll is missing")


@test()
def a_server_that_does_not_answer_is_an_error_at_once(browser, mock):
    submit(browser, mock, "nostream")
    browser.wait("the notice", lambda: browser.visible("#notice"))
    check("cannot be reached" in browser.text("#notice"), browser.text("#notice"))


@test("--speed", "4")
def a_busy_name_leads_to_the_running_deployment(browser, mock):
    submit(browser, mock, "hold")
    browser.wait("the pull", lambda: browser.text("#percent") == "18")
    browser.click("#another")
    submit(browser, mock, "busy")
    browser.wait("the notice", lambda: browser.visible("#notice"))
    browser.click("#notice-actions .primary")
    browser.wait("the running one", lambda: browser.text("#percent") == "18")
    check(browser.text("#run-title") == "hold", "another deployment is shown")


@test()
def an_unknown_deployment_says_so(browser, mock):
    open_page(browser, mock, "#deployment=00000000-0000-4000-8000-000000000000")
    browser.wait("the notice", lambda: browser.visible("#notice"))
    check("does not know" in browser.text("#notice"), browser.text("#notice"))


@test("--speed", "4", "--token", "letmein")
def a_token_is_asked_for_and_the_deployment_goes_on(browser, mock):
    submit(browser, mock, "hello")
    browser.wait("the sign-in", lambda: browser.visible("#sign-in"))
    browser.type("#token", "wrong")
    browser.click("#sign-in button")
    browser.wait("the refusal", lambda: "did not accept" in browser.text("#notice-text"))
    browser.type("#token", "letmein")
    browser.click("#sign-in button")
    check(outcome(browser) == "success", "not a success")
    check("letmein" not in browser.script("return JSON.stringify(localStorage) + JSON.stringify(sessionStorage)"), "the token was kept")


@test("--speed", "4")
def the_page_works_opened_from_a_file(browser, mock):
    browser.open((ROOT / "demo/index.html").as_uri())
    browser.type("#f-server", mock.url)
    browser.type("#f-script_name", "hello")
    browser.type("#f-script_folder", "/srv")
    browser.click("#submit")
    check(outcome(browser) == "success", "not a success")
    browser.reload()
    check(outcome(browser) == "success", "after a reload it is gone")


@test("--speed", "4")
def a_page_from_a_file_waits_for_its_server(browser, mock):
    browser.open((ROOT / "demo/index.html").as_uri())
    browser.type("#f-server", "http://127.0.0.1:9")
    browser.type("#f-script_name", "hello")
    browser.type("#f-script_folder", "/srv")
    browser.click("#submit")
    browser.wait("the notice", lambda: browser.visible("#notice"))
    check("--allow-origin null" in browser.text("#notice"), browser.text("#notice"))
    browser.type("#f-server", mock.url)
    browser.click("#submit")
    check(outcome(browser) == "success", "not a success once the server is there")


@test("--speed", "20")
def the_log_is_bounded_and_keeps_to_its_end(browser, mock):
    submit(browser, mock, "many")
    check(outcome(browser) == "success", "not a success")
    check(len(log(browser)) == 1000, f"{len(log(browser))} lines")
    check(browser.script("const l = document.getElementById('log'); return l.scrollTop + l.clientHeight >= l.scrollHeight - 12"), "not at the end")


@test("--speed", "4")
def markup_in_data_stays_text(browser, mock):
    submit(browser, mock, "<img src=x onerror=document.title='owned'>", **{"f-registry_image": "<b>bold</b>"})
    check(outcome(browser) == "success", "not a success")
    check(browser.script("return document.querySelectorAll('main img, main b:not(#elapsed)').length") == 0, "data became elements")


@test("--speed", "4")
def copying_before_the_start_changes_the_order_of_the_stages(browser, mock):
    open_page(browser, mock)
    browser.click("#advanced > summary")
    browser.choose("#f-copy", "before_start")
    submitted = "return [...document.querySelectorAll('#timeline .name')].map(e => e.textContent)"
    browser.type("#f-script_name", "hello")
    browser.type("#f-script_folder", "/srv")
    browser.click("#submit")
    check(browser.script(submitted)[3:5] == ["Copying files", "Starting container"], "the order is the usual one")
    check(outcome(browser) == "success", "not a success")
    browser.reload()
    check(outcome(browser) == "success" and browser.script(submitted)[3] == "Copying files", "after a reload it is the usual one")


@test()
def nothing_is_wider_than_a_narrow_window(browser, mock):
    browser.cdp("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=1, mobile=False)
    wide = "return document.documentElement.scrollWidth - innerWidth"
    open_page(browser, mock)
    browser.click("label[for=ports-chosen]")
    browser.click("#add-env")
    browser.click("#advanced > summary")
    check(browser.script(wide) <= 0, "the form is too wide")
    for name in ["fail", "hello"]:
        submit(browser, mock, name)
        outcome(browser)
        check(browser.script(wide) <= 0, f"the end of {name} is too wide")


@test()
def every_control_has_a_name_and_can_be_reached_by_key(browser, mock):
    open_page(browser, mock)
    browser.click("label[for=ports-chosen]")
    browser.click("#add-env")
    browser.click("#advanced > summary")
    nameless = browser.script("""
        return [...document.querySelectorAll("input, select, textarea, button")].filter((control) =>
            control.getClientRects().length && !control.labels?.length && !control.textContent.trim()
            && !control.getAttribute("aria-label")).map((control) => control.id || control.outerHTML)""")
    check(not nameless, f"without a name: {nameless}")
    check(browser.script("return document.querySelectorAll('[tabindex]:not([tabindex=\"0\"], [tabindex=\"-1\"])').length") == 0, "the order of keys is forced")


def main():
    wanted = sys.argv[1:]
    failed = 0
    for name, options, body in TESTS:
        if wanted and name not in wanted:
            continue
        began = time.monotonic()
        with Mock(*options) as mock, Browser() as browser:
            try:
                body(browser, mock)
                policy = [line["message"] for line in browser.console() if "Content Security Policy" in line["message"]]
                check(not policy, f"the page's policy was violated: {policy}")
                print(f"ok    {name} ({time.monotonic() - began:.1f} s)", flush=True)
            except WebDriverError as error:
                failed += 1
                print(f"FAIL  {name}: {error}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
