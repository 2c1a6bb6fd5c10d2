"""A headless browser for tests: a little of the W3C WebDriver protocol."""

import base64
import json
import os
import re
import subprocess
import urllib.error
import urllib.request

TIMEOUT_S = 60
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # key of WebDriver, section 11


class Browser:
    """A browser with one window; use as a context manager."""

    def __init__(self, width=1280, height=900):
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True)
        self.base = None
        for line in self.driver.stdout:
            match = re.search(r"started successfully on port (\d+)", line)
            if match:
                self.base = "http://127.0.0.1:" + match.group(1)
                break
        assert self.base, "chromedriver does not start"
        options = {"args": ["--headless=new", "--disable-gpu",
                            "--disable-dev-shm-usage",
                            "--window-size=%d,%d" % (width, height)]}
        if os.geteuid() == 0:
            options["args"].append("--no-sandbox")
        session = self.ask("POST", "/session", capabilities={"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
            "timeouts": {"implicit": TIMEOUT_S * 1000}}})
        self.base += "/session/" + session["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.ask("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait(TIMEOUT_S)
            self.driver.stdout.close()

    def ask(self, method, path, **body):
        """One command; what it returns."""
        request = urllib.request.Request(
            self.base + path, method=method,
            data=json.dumps(body).encode() if method == "POST" else None,
            headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=2 * TIMEOUT_S) as got:
                return json.load(got)["value"]
        except urllib.error.HTTPError as problem:
            raise AssertionError(problem.read().decode()) from problem

    def open(self, url):
        self.ask("POST", "/url", url=url)

    def resize(self, width, height):
        self.ask("POST", "/window/rect", width=width, height=height)

    def find(self, xpath):
        """The element, as soon as it is there."""
        return self.ask("POST", "/element", using="xpath",
                        value=xpath)[ELEMENT]

    def click(self, xpath):
        self.ask("POST", "/element/%s/click" % self.find(xpath))

    def type(self, xpath, text):
        self.ask("POST", "/element/%s/value" % self.find(xpath), text=text)

    def run(self, script):
        """The value of a function body in the page."""
        return self.ask("POST", "/execute/sync", script=script, args=[])

    def console(self):
        """What the page complained about since last asked."""
        return [entry["message"] for entry in self.ask("POST", "/se/log",
                                                       type="browser")
                if entry["level"] in ("SEVERE", "WARNING")]

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.ask("GET", "/screenshot")))
