#!/usr/bin/env python3
"""Drives the dashboard in a browser against a running server.

    dashboard.py SERVER --scenario live|tabs|hidden|rows|proxy|restart|shots [options]

live     deploys through the API and sees it without a reload; --measure N also measures how long
         after the script's own connection the page has drawn a stage
tabs     two tabs show the same over one connection
hidden   a hidden tab has no connection, and takes it up again once it is seen
rows     frames while 200 rows stand and 20 move: SERVER is one where that is so
proxy    nginx that buffers stands before the server; the page says so and works all the same
restart  the server (--pid) is killed and started again with --command; the page reconnects
shots    pictures of the page, light and dark, wide and narrow, into --out

Needs python3, chromium and chromium-driver; `proxy` needs nginx. Exit status: 0 when everything was
seen, 1 when not (standard error says what), 2 for usage.
"""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from webdriver import Browser, WebDriverError

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
ROWS = """return [...document.querySelectorAll('#list .row')].map(row => ({
    id: row.dataset.id, status: row.dataset.status, stage: row.dataset.stage, tone: row.dataset.tone,
    app: row.querySelector('a.app').textContent, text: row.innerText}))"""


def arguments():
    parser = argparse.ArgumentParser(description="Drives the dashboard.")
    parser.add_argument("server", help="where it listens, e.g. http://127.0.0.1:8000")
    parser.add_argument("--scenario", required=True, choices=sorted(SCENARIOS))
    parser.add_argument("--folder", help="the folder to deploy, as the server sees it")
    parser.add_argument("--image", help="the image to deploy it in")
    parser.add_argument("--failing-image", help="an image whose program exits, for `shots`")
    parser.add_argument("--slow-image", help="an image that takes its time, for `shots` and `live`")
    parser.add_argument("--name", default=f"board-{os.getpid()}", help="what the apps' names begin with")
    parser.add_argument("--measure", type=int, default=0, metavar="N", help="deployments to measure in `live`")
    parser.add_argument("--seconds", type=float, default=10, help="how long `rows` measures")
    parser.add_argument("--pid", type=int, help="the server's process, for `restart`")
    parser.add_argument("--command", help="a shell command that starts it again on the same address")
    parser.add_argument("--tokens", help="the server's file of tokens, for `signin`")
    parser.add_argument("--out", default=".", help="where `shots` puts its pictures")
    parser.add_argument("--timeout", type=float, default=120)
    return parser.parse_args()


def check(condition, words):
    if not condition:
        raise WebDriverError(words)


# ---------------------------------------------------------------- the server


def call(server, path, body=None, method=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server + path, data=data, method=method or ("POST" if body is not None else "GET"),
                                     headers={"Content-Type": "application/json"} if body is not None else {})
    try:
        with OPENER.open(request, timeout=60) as response:
            text = response.read()
            return json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        raise WebDriverError(f"{path}: {error.code} {error.read().decode(errors='replace')[:500]}") from None


def deploy(options, name, image=None, **more):
    check(options.folder and options.image, "needs --folder and --image")
    return call(options.server, "/api/deployments", {
        "script_name": name, "script_folder": options.folder, "registry_image": image or options.image,
        "ports": {"frontend": 3000}, **more})["id"]


def ended(options, id):
    """The record of a deployment, once its stream has brought the final event."""
    deadline = time.monotonic() + options.timeout
    with OPENER.open(f"{options.server}/api/deployments/{id}/stream", timeout=60) as stream:
        for _ in stream:
            check(time.monotonic() < deadline, f"{id} does not end")
    return call(options.server, f"/api/deployments/{id}")


class Feed:
    """The script's own connection to the feed; `seen` has `(time, envelope)` of each event."""

    def __init__(self, server):
        self.seen = []
        self.ready = threading.Event()
        address = urllib.parse.urlsplit(server)
        self.socket = socket.create_connection((address.hostname, address.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(f"GET /api/events/stream HTTP/1.1\r\nHost: {address.netloc}\r\nAccept: text/event-stream\r\n\r\n".encode())
        threading.Thread(target=self.read, daemon=True).start()
        check(self.ready.wait(20), "the feed gives no snapshot")

    def read(self):
        # Each block is a line that begins so; the lengths of the chunks between are of no interest.
        rest = b""
        with contextlib.suppress(OSError):
            while data := self.socket.recv(1 << 20):
                now = time.time()
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    if not line.startswith(b"data: "):
                        continue
                    with contextlib.suppress(ValueError):
                        envelope = json.loads(line[6:])
                        self.seen.append((now, envelope))
                        if envelope.get("type") == "snapshot":
                            self.ready.set()

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


# ---------------------------------------------------------------- the page


def connection(browser):
    return browser.script("return document.getElementById('connection').dataset.state")


def open_page(browser, server, state="connected", seconds=30):
    browser.open(server + "/")
    browser.wait(f"the connection to be {state}", lambda: connection(browser) == state, seconds)


def rows(browser):
    return browser.script(ROWS)


def row(browser, id):
    return next((each for each in rows(browser) if each["id"] == id), None)


def counters(browser):
    return browser.script("return Object.fromEntries([...document.querySelectorAll('#counters > div')].map(e => [e.dataset.count, e.querySelector('dd').textContent]))")


def complaints(browser):
    """What the console holds that is the page's fault."""
    return [line["message"] for line in browser.console()
            if "Content Security Policy" in line["message"] or line.get("source") == "javascript"]


# ---------------------------------------------------------------- scenarios

WATCH = """
    window.drawn = [];
    window.cuts = 0;
    const note = () => {
        const at = Date.now();
        for (const row of document.querySelectorAll('#list .row')) {
            const key = row.dataset.id + ' ' + row.dataset.status + ' ' + row.dataset.stage;
            if (row.noted !== key) { row.noted = key; window.drawn.push([at, row.dataset.id, row.dataset.stage, row.dataset.status]); }
        }
    };
    note();
    new MutationObserver(note).observe(document.getElementById('list'), {subtree: true, childList: true, attributes: true, attributeFilter: ['data-stage', 'data-status']});
    const connection = document.getElementById('connection');
    new MutationObserver(() => { if (connection.dataset.state === 'waiting') window.cuts += 1; })
        .observe(connection, {attributes: true, attributeFilter: ['data-state']});
"""


def live(options):
    with Browser(1440, 900) as browser:
        open_page(browser, options.server)
        browser.script("window.loadedOnce = true")
        id = deploy(options, f"{options.name}-live", options.slow_image)
        browser.wait("its row", lambda: row(browser, id))
        stages = set()

        def done():
            now = row(browser, id)
            stages.add(now["stage"])
            return now["status"] == "success"

        browser.wait("its success", done, options.timeout)
        check(ended(options, id)["status"] == "success", "the record is not a success")
        check(row(browser, id)["tone"] == "live", f"its row is {row(browser, id)}")
        check(int(counters(browser)["workloads_running"]) >= 1, f"the counters are {counters(browser)}")
        browser.script(f"location.hash = '#/deployments/{id}'")
        browser.wait("the details", lambda: browser.visible("#details"))
        browser.wait("its events", lambda: "done" in (browser.text("#log-events") or ""))
        check("healthy" in browser.text("#d-card"), f"the card says {browser.text('#d-card')!r}")
        browser.click("#t-container")
        browser.wait("the container's log", lambda: browser.text("#log-note") in ("Following", "The container has written nothing."))
        browser.click("#d-stop")
        browser.click("#d-stop")
        browser.wait("the stop", lambda: browser.text("#d-status") == "Stopped", 40)
        browser.click("#d-start")
        browser.wait("the start", lambda: browser.text("#d-status") == "Running", 40)
        browser.click("#d-stop")
        browser.click("#d-stop")
        browser.wait("the second stop", lambda: browser.text("#d-status") == "Stopped", 40)
        browser.click("#d-forget")
        browser.click("#d-forget")
        browser.wait("the row to be gone", lambda: not browser.visible("#details") and row(browser, id) is None)
        check(browser.script("return window.loadedOnce"), "the page was loaded again")
        print(f"live: stages drawn {', '.join(sorted(stages))}; stopped, started, forgotten in the page")
        if options.measure:
            measure(options, browser)
        check(not (bad := complaints(browser)), f"the console says {bad}")


def measure(options, browser):
    """How long after this script's own connection the page has drawn a change of stage."""
    browser.script(WATCH)
    feed = Feed(options.server)
    first = len(feed.seen)
    made = []
    try:
        for turn in range(options.measure):
            made.append(deploy(options, f"{options.name}-measure", on_conflict="queue"))
            ended(options, made[-1])
        browser.wait("the end of each to be drawn", lambda: browser.script(
            "return arguments[0].every((made) => window.drawn.some(([at, id, stage]) => id === made && stage === 'completed'))", made), 10)
    finally:
        feed.close()
    drawn = {}
    for at, id, stage, _ in browser.script("return window.drawn"):
        drawn.setdefault((id, stage), at / 1000)
    latencies, missed, last = [], [], {}
    for at, envelope in feed.seen[first:]:
        payload = envelope.get("payload", {})
        if envelope["type"] != "deployment.upsert" or payload["id"] not in made or last.get(payload["id"]) == payload["stage"]:
            continue
        last[payload["id"]] = payload["stage"]
        key = (payload["id"], payload["stage"])
        if key in drawn:
            latencies.append((drawn[key] - at) * 1000)
        else:
            missed.append(payload["stage"])  # overtaken within one frame
    check(latencies, "nothing was measured")
    print(f"stage changes drawn after the script's own connection had them: n {len(latencies)}, median {statistics.median(latencies):.1f} ms, "
          f"worst {max(latencies):.1f} ms; overtaken within a frame: {len(missed)}; "
          f"connections that the browser lost meanwhile: {browser.script('return window.cuts')}")


def tabs(options):
    with Browser(1200, 900) as browser:
        open_page(browser, options.server)
        first = browser._call("GET", f"{browser._session}/window")
        second = browser._call("POST", f"{browser._session}/window/new", {"type": "window"})["handle"]

        def switch(handle):
            browser._call("POST", f"{browser._session}/window", {"handle": handle})

        def visible(state):
            browser.script(HIDE, state)

        switch(second)
        open_page(browser, options.server)
        role = "return document.getElementById('connection').title"
        # Both windows are to count as seen; one that lies behind the other might not.
        seen = []
        for handle in (first, second):
            switch(handle)
            visible("visible")
            browser.wait("the connection", lambda: connection(browser) == "connected")
            seen.append(browser.script(role))
        shared = sum("another tab" in each for each in seen)
        id = deploy(options, f"{options.name}-tabs")
        ended(options, id)
        texts = []
        for handle in (first, second):
            switch(handle)
            browser.wait("the success", lambda: (row(browser, id) or {}).get("tone") == "live")
            texts.append([(each["id"], each["status"], each["stage"]) for each in rows(browser)])
        check(texts[0] == texts[1], "the tabs show different things")
        print(f"tabs: both show the same {len(texts[0])} rows; {shared} of 2 uses the other's connection")
        check(shared == 1, f"the connection is not shared: {seen}")
        for which, handle in enumerate((first, second)):
            switch(handle)
            if "another tab" not in browser.script(role):
                visible("hidden")
                other = (first, second)[1 - which]
                switch(other)
                browser.wait("the other to take over", lambda: connection(browser) == "connected" and "another tab" not in browser.script(role))
                print("tabs: when the one with the connection was hidden, the other took over")
                break


HIDE = """
    Object.defineProperty(document, 'visibilityState', {configurable: true, get: () => arguments[0]});
    document.dispatchEvent(new Event('visibilitychange'));
"""


def streams(port):
    """How many connections to the port are established, of the browser's side."""
    found = 0
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in pathlib.Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                found += fields[3] == "01" and int(fields[2].split(":")[1], 16) == port
    return found


def hidden(options):
    port = urllib.parse.urlsplit(options.server).port
    with Browser(1440, 900) as browser:
        before = streams(port)
        open_page(browser, options.server)
        with_page = streams(port)
        browser.script(HIDE, "hidden")
        browser.wait("the stream to be closed", lambda: connection(browser) != "connected")
        browser.wait("its connection to be gone", lambda: streams(port) < with_page)
        without = streams(port)
        id = deploy(options, f"{options.name}-hidden")
        ended(options, id)
        # Whatever the page had been told by now is drawn two frames after its next answer.
        browser.script("return fetch('/healthz').then(() => new Promise((done) =>"
                       " requestAnimationFrame(() => requestAnimationFrame(() => done(null)))))")
        check(row(browser, id) is None, "a hidden tab has drawn what happened")
        began = time.monotonic()
        browser.script(HIDE, "visible")
        browser.wait("what has happened", lambda: (row(browser, id) or {}).get("tone") == "live")
        took = time.monotonic() - began
        check(connection(browser) == "connected", "it is not connected again")
        print(f"hidden: connections {before} before, {with_page} seen, {without} hidden; up to date {took * 1000:.0f} ms after it was seen")
        check(without < with_page, "the hidden tab kept its connection")


FRAMES = """
    window.frames_ = [];
    let last = performance.now();
    const step = (now) => { window.frames_.push(now - last); last = now; requestAnimationFrame(step); };
    requestAnimationFrame(step);
    window.tasks = [];
    new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.tasks.push(entry.duration); }).observe({entryTypes: ['longtask']});
"""


# Scrolls after a second of frames.
SECOND = """
    const end = performance.now() + 1000;
    return new Promise((done) => {
        const step = (now) => {
            if (now < end) return requestAnimationFrame(step);
            scrollBy(0, 400);
            done(null);
        };
        requestAnimationFrame(step);
    });
"""


def worked(browser):
    """Seconds the page's thread has had of a processor: those that others take do not count."""
    metrics = browser.cdp("Performance.getMetrics")["metrics"]
    return next(each["value"] for each in metrics if each["name"] == "TaskDuration")


def rows_(options):
    with Browser(1440, 900) as browser:
        browser.cdp("Performance.enable", timeDomain="threadTicks")
        open_page(browser, options.server)
        while len(rows(browser)) < 200 and browser.visible("#older"):
            count = len(rows(browser))
            browser.click("#older")
            browser.wait("older ones", lambda: len(rows(browser)) > count or not browser.visible("#older"))
        order = [each["id"] for each in rows(browser)]
        moving = [each for each in rows(browser) if each["status"] == "in_progress"]
        browser.script(FRAMES)
        began, work = time.monotonic(), worked(browser)
        for _ in range(int(options.seconds)):
            browser.script(SECOND)
        share = (worked(browser) - work) / (time.monotonic() - began)
        frames, tasks = browser.script("return [window.frames_, window.tasks]")
        after = [each["id"] for each in rows(browser)]
        kept = [id for id in after if id in set(order)]
        check(kept == [id for id in order if id in set(after)], "rows have changed places")
        frames = sorted(frames[2:])
        print(f"rows: {len(order)} rows, {len(moving)} moving, {len(frames)} frames in {options.seconds:.0f} s; median {statistics.median(frames):.1f} ms, "
              f"99th percentile {frames[int(len(frames) * .99) - 1]:.1f} ms, worst {frames[-1]:.1f} ms; "
              f"long tasks (over 50 ms): {len(tasks)}{f', worst {max(tasks):.0f} ms' if tasks else ''}; "
              f"the page's thread worked {share:.0%} of the time")
        check(len(order) >= 200, f"only {len(order)} rows")
        # How long frames and tasks take depends on what else the machine does; how much work they are does not.
        check(share < 0.6, "the page does not keep up")


@contextlib.contextmanager
def nginx(server):
    """nginx in front of the server, set up in the way that holds streams back."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    check(os.path.exists(program), "nginx is not installed")
    folder = tempfile.mkdtemp(prefix="slipway-nginx-")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    upstream = urllib.parse.urlsplit(server).netloc
    pathlib.Path(folder, "nginx.conf").write_text(f"""
        daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
        events {{ worker_connections 64; }}
        http {{
            access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
            server {{
                listen 127.0.0.1:{port};
                location / {{
                    proxy_pass http://{upstream};
                    proxy_set_header Host {upstream}; proxy_set_header Origin "";
                    proxy_buffering on; proxy_ignore_headers X-Accel-Buffering; proxy_buffers 16 64k; proxy_busy_buffers_size 128k;
                    proxy_buffer_size 64k;
                }}
            }}
        }}""")
    process = subprocess.Popen([program, "-p", folder, "-c", f"{folder}/nginx.conf"], stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 10
        while True:
            with contextlib.suppress(OSError, WebDriverError):
                call(address, "/healthz")
                break
            check(time.monotonic() < deadline, "nginx does not answer")
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def proxy(options):
    with nginx(options.server) as address, Browser(1440, 900) as browser:
        began = time.monotonic()
        open_page(browser, address, "polling", 30)
        took = time.monotonic() - began
        notice = browser.text("#notice")
        check("buffering" in notice and "proxy_buffering off" in notice, f"the notice says {notice!r}")
        id = deploy(options, f"{options.name}-proxy")
        browser.wait("the success by polling", lambda: (row(browser, id) or {}).get("tone") == "live", options.timeout)
        print(f"proxy: found out after {took:.1f} s, said so, and polled the success of a deployment")


def restart(options):
    check(options.pid and options.command, "needs --pid and --command")
    with Browser(1440, 900) as browser:
        open_page(browser, options.server)
        browser.script("window.loadedOnce = true")
        os.kill(options.pid, signal.SIGKILL)
        browser.wait("the loss to be seen", lambda: connection(browser) != "connected")
        words = browser.text("#connection-text")
        browser.wait("an attempt in vain", lambda: any(
            "ERR_CONNECTION_REFUSED" in entry["message"] for entry in browser.console()), 20)
        began = time.monotonic()
        server = subprocess.Popen(options.command, shell=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            browser.wait("the connection again", lambda: connection(browser) == "connected", 60)
            took = time.monotonic() - began
            id = deploy(options, f"{options.name}-restart")
            browser.wait("a deployment after it", lambda: (row(browser, id) or {}).get("tone") == "live", options.timeout)
            check(browser.script("return window.loadedOnce"), "the page was loaded again")
            check(not browser.visible("#notice"), f"the notice still says {browser.text('#notice')!r}")
            print(f"restart: said {words!r}; live {took:.1f} s after the server was started again")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGTERM)
            server.wait(60)


def signin(options):
    """Signing in to both pages, what is shown of a tenant, and a token that is taken away."""
    check(options.pid and options.tokens, "needs --pid and --tokens")
    file = pathlib.Path(options.tokens)
    tokens = {each["name"]: each["token"] for each in json.loads(file.read_text())}

    def run(token, name):
        request = urllib.request.Request(
            options.server + "/api/deployments", json.dumps({
                "script_name": name, "script_folder": options.folder,
                "registry_image": options.image, "ports": {}}).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {tokens[token]}"})
        with OPENER.open(request, timeout=60) as response:
            return json.loads(response.read())["id"]
    own, foreign = run("red-deployer", f"{options.name}-red"), run("blue-deployer", f"{options.name}-blue")

    def sign_in(token):
        browser.wait("the form", lambda: browser.visible("#sign-in"))
        browser.type("#token", token)
        browser.click("#sign-in button")
    with Browser(1440, 900) as browser:
        browser.open(options.server + "/")
        sign_in("nonsense")
        browser.wait("its refusal", lambda: "did not accept" in browser.text("#notice-text"))
        sign_in(tokens["red-viewer"])
        browser.wait("the connection", lambda: connection(browser) == "connected")
        browser.wait("red's deployment", lambda: row(browser, own))
        check(not row(browser, foreign), "it shows another tenant's")
        check(not browser.visible("#sign-in"), "it still asks")
        cookie = browser.script("return document.cookie")
        browser.wait("whose session it is", lambda: "red-viewer" in browser.text("#who"))
        check(not browser.visible("#new"), "a viewer is offered to deploy")
        check("slipway_session" not in cookie, f"scripts can read it: {cookie}")
        browser.reload()
        browser.wait("the connection after a reload", lambda: connection(browser) == "connected")

        # The other page has the same session; a viewer may not deploy, and is told so.
        browser.open(options.server + "/demo")
        browser.wait("the page's scripts", lambda: browser.text("#theme"), 20)
        browser.type("#f-script_name", f"{options.name}-denied")
        browser.type("#f-script_folder", options.folder)
        browser.type("#f-registry_image", options.image)
        browser.click("#submit")
        browser.wait("the refusal", lambda: "viewer" in browser.text("main"))

        browser.open(options.server + "/")
        browser.wait("the connection", lambda: connection(browser) == "connected")
        file.write_text(json.dumps([each for each in json.loads(file.read_text()) if each["name"] != "red-viewer"]))
        os.kill(options.pid, signal.SIGHUP)
        sign_in(tokens["red-deployer"])
        browser.wait("the connection with another token", lambda: connection(browser) == "connected")
        browser.wait("whose session it is", lambda: "red-deployer" in browser.text("#who"))
        check(browser.visible("#new"), "a deployer is not offered to deploy")
        if options.out:
            pathlib.Path(options.out).mkdir(parents=True, exist_ok=True)
            browser.screenshot(str(pathlib.Path(options.out) / "dashboard-signed-in.png"))
        browser.click("#sign-out")
        browser.wait("the form after signing out", lambda: browser.visible("#sign-in"))
        check(not rows(browser), "it still shows what is red's")
        print("signin: refused nonsense, showed red's alone, and asked again when the token was gone")


def shots(options):
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    variants = [(scheme, *size) for scheme in ("light", "dark") for size in (("wide", 1440, 900), ("narrow", 390, 844))]

    def take(name, path="", before=None, also=None):
        for scheme, size, width, height in variants:
            with Browser(width, height, dark=scheme == "dark") as browser:
                browser.open(f"{options.server}/{path}")
                browser.wait("the connection", lambda: connection(browser) == "connected")
                if before:
                    browser.wait(f"what belongs on {name}", lambda: before(browser), 60)
                browser.settle()
                wide = browser.script("return document.documentElement.scrollWidth - innerWidth")
                check(wide <= 0, f"{name}, {size}: {wide} px too wide")
                browser.screenshot(out / f"{name}-{scheme}-{size}.png")
                if also:
                    also(browser, out / f"{name}-{scheme}-{size}-low.png")
                check(not (bad := complaints(browser)), f"the console says {bad}")

    if not call(options.server, "/api/deployments?limit=1")["deployments"]:
        take("empty", before=lambda browser: browser.visible("#blank h2"))
    failing = deploy(options, f"{options.name}-reports", options.failing_image or options.image, environment="staging")
    ended(options, failing)
    done = deploy(options, f"{options.name}-site", environment="production")
    ended(options, done)

    def count(browser):
        return sum(each["status"] == "in_progress" for each in rows(browser))

    def moving(browser):
        if count(browser) < 3:
            for name in ("search", "ledger", "docs"):
                deploy(options, f"{options.name}-{name}", options.slow_image)
        browser.wait("three that move", lambda: count(browser) >= 3)
        return True

    take("moving", before=moving)

    def lower(browser, path):
        browser.script("document.querySelector('.drawer-body').scrollTop = 1e6")
        browser.settle()
        browser.screenshot(path)

    take("failure", f"#/deployments/{failing}", lambda browser: browser.visible("#d-card h4"))
    take("details", f"#/deployments/{done}", lambda browser: browser.visible("#log-events .line"), lower)
    print(f"shots: in {out}")


SCENARIOS = {"live": live, "tabs": tabs, "hidden": hidden, "rows": rows_, "proxy": proxy, "restart": restart, "shots": shots, "signin": signin}


def main():
    options = arguments()
    options.server = options.server.rstrip("/")
    try:
        SCENARIOS[options.scenario](options)
    except WebDriverError as error:
        print(f"dashboard.py: {options.scenario}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    try:
        sys.exit(main())
    except OSError as error:
        print(f"dashboard.py: {error}", file=sys.stderr)
        sys.exit(1)
