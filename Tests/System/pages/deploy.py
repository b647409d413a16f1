#!/usr/bin/env python3
"""Drives the page against a running server: deploys, waits for the end, reloads, sees it again.

    deploy.py SERVER FOLDER IMAGE [options]

Needs python3, chromium and chromium-driver. Exit status: 0 when everything was seen, 1 when not
(standard error says what), 2 for usage.
"""

import argparse
import sys

from webdriver import Browser, WebDriverError


def arguments():
    parser = argparse.ArgumentParser(description="Drives the page for a single deployment.")
    parser.add_argument("server", help="where it listens, e.g. http://127.0.0.1:8000")
    parser.add_argument("folder", help="the folder to deploy, as the server sees it")
    parser.add_argument("image", help="the image to deploy it in")
    parser.add_argument("--git", metavar="URL", help="a repository to deploy in place of the folder")
    parser.add_argument("--archive", metavar="FILE", help="an archive to send and deploy in place of the folder")
    parser.add_argument("--broken-archive", metavar="FILE", help="one that the server refuses, tried before")
    parser.add_argument("--build", metavar="FILE", help="the file with the steps of an image that is built of the files")
    parser.add_argument("--arg", action="append", default=[], metavar="NAME=VALUE", help="an argument of that build")
    parser.add_argument("--name", default="browser-test", help="the script's name")
    parser.add_argument("--port", action="append", default=[], metavar="NAME=NUMBER",
                        help="a container port; none at all without this option")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--copy", choices=["before_start"])
    parser.add_argument("--pull", choices=["missing", "never"])
    parser.add_argument("--expect", default="success", choices=["success", "failed", "cancelled"])
    parser.add_argument("--cancel", action="store_true", help="cancel as soon as that is possible")
    parser.add_argument("--token", help="what to sign in with when asked")
    parser.add_argument("--timeout", type=float, default=120, metavar="SECONDS")
    parser.add_argument("--screenshot", metavar="PATH", help="where to write a picture of the end")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--size", default="1280x900", metavar="WxH")
    return parser.parse_args()


def check(condition, words):
    if not condition:
        raise WebDriverError(words)


def fill(browser, options):
    """Types the request into the form."""
    browser.type("#f-script_name", options.name)
    fill_files(browser, options)
    if getattr(options, "build", None):
        browser.click("label[for=image-build]")
        check(not browser.visible("#f-registry_image"), "an image is asked for beside a build")
        browser.type("#f-dockerfile", options.build)
        browser.type("#f-args", "\n".join(getattr(options, "arg", [])))
    else:
        browser.click("label[for=image-pull]")
        browser.type("#f-registry_image", options.image)
    browser.click("label[for=ports-chosen]")
    while browser.visible("#port-rows .row"):
        browser.click("#port-rows .row .icon")
    for port in options.port:
        name, _, number = port.partition("=")
        browser.click("#add-port")
        browser.type("#port-rows .row:last-child input[id$=name]", name)
        browser.type("#port-rows .row:last-child input[id$=container]", number)
    for variable in options.env:
        name, _, value = variable.partition("=")
        browser.click("#add-env")
        browser.type("#env-rows .row:last-child input[id$=name]", name)
        browser.type("#env-rows .row:last-child input[id$=value]", value)
    if options.copy or options.pull:
        browser.click("#advanced > summary")
    if options.copy:
        browser.choose("#f-copy", options.copy)
    if options.pull:
        browser.choose("#f-pull", options.pull)


def fill_files(browser, options):
    """Says where the files come from: from the folder, where nothing else is given."""
    repository, archive, broken = (getattr(options, name, None) for name in ("git", "archive", "broken_archive"))
    if repository:
        browser.click("label[for=files-git]")
        browser.type("#f-git", repository)
        check(not browser.visible("#f-script_folder"), "the folder is asked for beside a repository")
    elif archive:
        browser.click("label[for=files-archive]")
        if broken:
            browser.send_file("#f-archive", broken)
            browser.wait("the refusal", lambda: "tar archive" in (browser.text("#error-summary") or ""), 20)
        browser.send_file("#f-archive", archive)
        browser.wait("the archive's end", lambda: " file" in browser.text("#archive-note"), 20)
        check(not browser.visible("#error-summary"), browser.text("#error-summary"))
    else:
        browser.click("label[for=files-folder]")
        browser.type("#f-script_folder", options.folder)


def sign_in(browser, options):
    if browser.visible("#sign-in"):
        check(options.token, "the server asks for a token; give --token")
        browser.type("#token", options.token)
        browser.click("#sign-in button")


def wait_for_end(browser, options):
    """Waits for the card that tells the end; a refusal ends the waiting at once."""

    def ended():
        if browser.visible("#error-summary"):
            raise WebDriverError(f"refused: {browser.text('#error-summary')}")
        sign_in(browser, options)
        if browser.visible("#notice") and not browser.visible("#sign-in"):
            raise WebDriverError(f"refused: {browser.text('#notice')}")
        return browser.visible("#outcome")

    browser.wait("the deployment's end", ended, options.timeout)
    outcome = browser.script("return document.getElementById('run').dataset.outcome")
    if outcome != options.expect:
        raise WebDriverError(f"ended as {outcome}, not {options.expect}:\n{browser.text('#outcome')}")


def drive(browser, options):
    browser.open(f"{options.server.rstrip('/')}/demo")
    check(browser.visible("#deploy-form"), "the page has no form")
    browser.wait("the page's scripts", lambda: browser.text("#theme"), 20)
    style = "return getComputedStyle(document.querySelector('main')).display"
    check(browser.script(style) == "grid", "the page's style sheet was not used")

    fill(browser, options)
    browser.click("#submit")
    if options.cancel:
        browser.wait("the cancel button", lambda: browser.script(
            "const b = document.getElementById('cancel'); return !b.disabled && !b.hidden"))
        browser.click("#cancel")
    wait_for_end(browser, options)

    if options.expect == "success":
        states = "return [...document.querySelectorAll('#timeline li')].map(li => li.dataset.status)"
        wrong = set(browser.script(states)) - {"success", "skipped"}
        check(not wrong, f"after success a stage is {wrong}")
        check(browser.text("#percent") == "100", "after success the bar is not at 100")
        check(bool(browser.text(".endpoint a")) == bool(options.port), "the endpoint's link is not as expected")
        check("✓" in browser.title(), f"the title is {browser.title()}")
    check("#deployment=" in browser.url(), "the address does not name the deployment")

    if getattr(options, "build", None) and options.expect == "success":
        check("Step 2/" in browser.text("#log"), f"the build's steps are not in the log: {browser.text('#log')}")

    lines = browser.script("return document.querySelectorAll('#log .line').length")
    before = browser.text("#outcome")
    browser.reload()
    wait_for_end(browser, options)
    check(browser.text("#outcome") == before, "after a reload the end reads differently")
    again = browser.script("return document.querySelectorAll('#log .line').length")
    check(again == lines, f"after a reload the log has {again} lines, not {lines}")

    kept = browser.script("return JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")
    for variable in options.env + getattr(options, "arg", []):
        value = variable.partition("=")[2]
        check(len(value) < 6 or value not in kept, "an environment value was kept in the browser")
    policy = [line["message"] for line in browser.console() if "Content Security Policy" in line["message"]]
    check(not policy, f"the page's policy was violated: {policy}")


def main():
    options = arguments()
    try:
        width, height = (int(side) for side in options.size.lower().split("x"))
    except ValueError:
        print("--size takes WIDTHxHEIGHT", file=sys.stderr)
        return 2
    with Browser(width, height, options.dark) as browser:
        try:
            drive(browser, options)
        except WebDriverError as error:
            print(f"deploy.py: {error}", file=sys.stderr)
            return 1
        finally:
            if options.screenshot:
                browser.screenshot(options.screenshot, whole=True)
    print("seen: the deployment's end, and again after a reload")
    return 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    try:
        sys.exit(main())
    except (WebDriverError, OSError) as error:
        print(f"deploy.py: {error}", file=sys.stderr)
        sys.exit(1)
