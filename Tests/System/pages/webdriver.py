"""A small WebDriver client (W3C WebDriver over plain HTTP) for headless Chromium."""

import base64
import json
import os
import queue
import re
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class WebDriverError(Exception):
    """The browser refused, or what was waited for did not come."""


class Browser:
    """One headless Chromium with a profile of its own; a context manager that ends it."""

    def __init__(self, width=1280, height=900, dark=False, insecure=False):
        """insecure: whether a certificate that nobody has signed will do."""
        driver = shutil.which("chromedriver") or "/usr/bin/chromedriver"
        self._profile = tempfile.mkdtemp(prefix="slipway-browser-")
        self._driver = None
        # Chromium writes its crash settings below HOME, and leaves folders for temporary files.
        environment = {**os.environ, "HOME": self._profile, "XDG_CONFIG_HOME": self._profile,
                       "TMPDIR": self._profile}
        try:
            # It takes a free port of IPv6 and then the same of IPv4, which may be somebody's.
            for attempt in range(5):
                self._driver = subprocess.Popen(
                    [driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                    text=True, env=environment)
                try:
                    self._base = f"http://127.0.0.1:{self._read_port()}"
                    break
                except WebDriverError as error:
                    if attempt == 4 or "Address already in use" not in str(error):
                        raise
                    self._driver.wait()
            options = {
                "args": [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                    "--no-first-run", "--hide-scrollbars",
                    f"--user-data-dir={self._profile}/profile", f"--window-size={width},{height}",
                ]
            }
            capabilities = {"browserName": "chrome", "goog:chromeOptions": options,
                            "acceptInsecureCerts": insecure,
                            "goog:loggingPrefs": {"browser": "ALL"}}
            session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
            self._session = f"/session/{session['sessionId']}"
            # The window cannot be narrower than 500 px; the page's own size can.
            self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height,
                     deviceScaleFactor=1, mobile=False)
            scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
            self.cdp("Emulation.setEmulatedMedia", features=[scheme])
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the browser and the driver, and removes the profile."""
        try:
            if getattr(self, "_session", None):
                self._call("DELETE", self._session)
        except (WebDriverError, OSError):
            pass  # The driver is ended next; that ends the browser too.
        if self._driver is not None:
            self._driver.terminate()
            try:
                self._driver.wait(10)
            except subprocess.TimeoutExpired:
                self._driver.kill()
                self._driver.wait()
        shutil.rmtree(self._profile, ignore_errors=True)

    def _read_port(self):
        found, lines = queue.Queue(), []

        def read():
            for line in self._driver.stdout:
                lines.append(line)
                match = re.search(r"started successfully on port (\d+)", line)
                if match:
                    found.put(match[1])
            found.put(None)

        threading.Thread(target=read, daemon=True).start()
        try:
            port = found.get(timeout=120)
        except queue.Empty:
            port = None
        if port is None:
            raise WebDriverError("chromedriver did not start: " + "".join(lines[-10:]))
        return port

    def _call(self, method, path, body=None):
        data = json.dumps(body if body is not None else {}).encode() if method == "POST" else None
        request = urllib.request.Request(
            self._base + path, data=data, method=method, headers={"Content-Type": "application/json"}
        )
        # No proxy of the environment may come between here and the loopback.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise WebDriverError(f"{value['error']}: {value['message'].splitlines()[0]}") from None

    def cdp(self, command, **parameters):
        """A DevTools command."""
        return self._call("POST", f"{self._session}/goog/cdp/execute", {"cmd": command, "params": parameters})

    def open(self, url):
        self._load(lambda: self._call("POST", f"{self._session}/url", {"url": url}))

    def reload(self):
        self._load(lambda: self._call("POST", f"{self._session}/refresh"))

    def _load(self, load):
        """A browser gives up a page, too, when Docker changes the network meanwhile."""
        for attempt in range(5):
            load()
            if not self.script("return document.URL").startswith("chrome-error:"):
                return
            time.sleep(0.5 * attempt)

    def title(self):
        return self._call("GET", f"{self._session}/title")

    def url(self):
        return self._call("GET", f"{self._session}/url")

    def script(self, source, *arguments):
        """What a function body in JavaScript returns."""
        return self._call("POST", f"{self._session}/execute/sync", {"script": source, "args": list(arguments)})

    def find(self, selector):
        found = self._call("POST", f"{self._session}/element", {"using": "css selector", "value": selector})
        return found[ELEMENT]

    def click(self, selector):
        self._call("POST", f"{self._session}/element/{self.find(selector)}/click")

    def type(self, selector, text):
        """Replaces a control's text by typing."""
        element = self.find(selector)
        self._call("POST", f"{self._session}/element/{element}/clear")
        self._call("POST", f"{self._session}/element/{element}/value", {"text": text})

    def send_file(self, selector, path):
        """Chooses a file of this machine in a control for files."""
        self._call("POST", f"{self._session}/element/{self.find(selector)}/value", {"text": str(path)})

    def choose(self, selector, value):
        """Chooses an option of a select element by its value."""
        self.click(f"{selector} option[value='{value}']")

    def text(self, selector):
        return self.script("return document.querySelector(arguments[0])?.innerText ?? null", selector)

    def visible(self, selector):
        return self.script(
            "return Boolean(document.querySelector(arguments[0])?.getClientRects().length)", selector
        )

    def wait(self, what, condition, seconds=60):
        """Waits until `condition()` is true; returns what it gave."""
        deadline = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > deadline:
                page = self.script("return [location.href, document.visibilityState, document.body.innerText]")
                raise WebDriverError(f"waited {seconds} s in vain for {what}; the page: {page}, "
                                     f"its console: {self.console()}")
            time.sleep(0.1)

    def settle(self):
        """Waits until the transitions that run now have ended; endless animations are left alone."""
        self.script(
            "return Promise.allSettled(document.getAnimations()"
            ".filter((each) => each.effect.getComputedTiming().endTime !== Infinity)"
            ".map((each) => each.finished)).then(() => new Promise(requestAnimationFrame))"
        )

    def console(self):
        """What the page has written to its console since the last call, errors of the browser included."""
        return self._call("POST", f"{self._session}/se/log", {"type": "browser"})

    def screenshot(self, path, whole=False):
        if whole:
            image = self.cdp("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        else:
            image = self._call("GET", f"{self._session}/screenshot")
        with open(path, "wb") as file:
            file.write(base64.b64decode(image))
