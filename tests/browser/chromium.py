"""Chromium: a small driver for browser tests over the DevTools protocol, without Node and without a download.

    with Chromium() as browser:
        page = browser.open(path.as_uri(), width=390, dark=True)
        page.click("button"); page.press("ArrowRight"); page.eval("document.title"); page.screenshot(path)

Needs an installed Chromium or Chrome and the ``websocket-client`` package that Jupyter brings; `missing` says which of
the two is not there.
"""

from __future__ import annotations

import base64
import importlib.util
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

__all__ = ["Chromium", "Page", "missing"]

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-extensions",
    "--hide-scrollbars", "--force-color-profile=srgb", "--remote-debugging-port=0", "--remote-allow-origins=*",
)  # fmt: skip
_KEYS = {" ": ("Space", 32), "Enter": ("Enter", 13), "Escape": ("Escape", 27), "Tab": ("Tab", 9), "Home": ("Home", 36),
         "End": ("End", 35), "ArrowLeft": ("ArrowLeft", 37), "ArrowUp": ("ArrowUp", 38),
         "ArrowRight": ("ArrowRight", 39), "ArrowDown": ("ArrowDown", 40)}  # fmt: skip
_ANSWER_S = 30


def missing() -> str:
    """Why no browser test can run here; empty where they can."""
    if _program() is None:
        return "no Chromium or Chrome is installed"
    if importlib.util.find_spec("websocket") is None:
        return "the package websocket-client is not installed"
    return ""


def _program() -> str | None:
    return next((path for path in map(shutil.which, _PROGRAMS) if path), None)


class Chromium:
    """One headless browser with an empty profile, for as long as the ``with`` block lasts."""

    def __enter__(self) -> Chromium:
        self._profile = tempfile.TemporaryDirectory(prefix="fortnight-chromium-", ignore_cleanup_errors=True)
        root = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's own sandbox refuses to run as root
        command = [str(_program()), *_FLAGS, *root, f"--user-data-dir={self._profile.name}", "about:blank"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._pages: list[Page] = []
        self._port = self._wait_for_port()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for page in self._pages:
            page.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._profile.cleanup()

    def _wait_for_port(self) -> int:
        file = Path(self._profile.name) / "DevToolsActivePort"
        deadline = time.monotonic() + _ANSWER_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"Chromium ended at once with exit code {self._process.returncode}")
            lines = file.read_text().splitlines() if file.exists() else []
            if lines:
                return int(lines[0])
            time.sleep(0.05)  # waiting for a program to start: it has no event to wait for
        raise RuntimeError("Chromium did not say its port")

    def open(
        self, url: str, *, width: int = 1000, height: int = 800, dark: bool = False, javascript: bool = True,
        reduced_motion: bool = False, media: str = "",
    ) -> Page:  # fmt: skip
        """A new tab that has loaded ``url``."""
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}/json/new?about:blank", method="PUT")
        with urllib.request.urlopen(request, timeout=_ANSWER_S) as answer:
            page = Page(json.load(answer)["webSocketDebuggerUrl"])
        self._pages.append(page)
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.send(f"{domain}.enable")
        page.send("Page.setLifecycleEventsEnabled", enabled=True)
        page.resize(width, height)
        page.emulate(dark=dark, reduced_motion=reduced_motion, media=media)
        page.send("Emulation.setScriptExecutionDisabled", value=not javascript)
        page.go(url)
        return page


class Page:
    """One tab."""

    def __init__(self, address: str) -> None:
        import websocket

        self._socket = websocket.create_connection(address, timeout=_ANSWER_S)
        self._numbers = itertools.count(1)
        self._loaded: set[str] = set()
        self.requests: list[str] = []
        """Every address that the page asked for, data: addresses aside."""
        self.errors: list[str] = []
        """Uncaught exceptions and errors of the console."""

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the DevTools protocol, and its result."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]
            self._note(message)

    def close(self) -> None:
        """Hang up; the browser closes the tab when it ends."""
        self._socket.close()

    def _note(self, message: dict[str, Any]) -> None:
        method, parameters = message.get("method", ""), message.get("params", {})
        if method == "Page.lifecycleEvent" and parameters["name"] == "load":
            self._loaded.add(parameters["loaderId"])
        elif method == "Network.requestWillBeSent" and not parameters["request"]["url"].startswith("data:"):
            self.requests.append(parameters["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.errors.append(parameters["entry"]["text"])

    def go(self, url: str) -> None:
        """Load ``url`` in this tab and wait for its load event."""
        result = self.send("Page.navigate", url=url)
        if result.get("errorText"):
            raise RuntimeError(f"{url}: {result['errorText']}")
        while result.get("loaderId", "") not in {"", *self._loaded}:  # the load of an earlier page may be told late
            self._note(json.loads(self._socket.recv()))

    def resize(self, width: int, height: int = 800) -> None:
        """Another window; up to 500 pixels it is a phone."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1}
        self.send("Emulation.setDeviceMetricsOverride", **size, mobile=width <= 500)

    def emulate(self, *, dark: bool = False, reduced_motion: bool = False, media: str = "") -> None:
        """What the system says about colours and motion; ``media="print"`` shows the page as it prints."""
        wishes = {
            "prefers-color-scheme": "dark" if dark else "light",
            "prefers-reduced-motion": "reduce" if reduced_motion else "no-preference",
        }
        features = [{"name": name, "value": value} for name, value in wishes.items()]
        self.send("Emulation.setEmulatedMedia", media=media, features=features)

    def eval(self, expression: str) -> Any:
        """The value of a JavaScript expression (a promise is awaited); raises RuntimeError where it throws."""
        result = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return result["result"].get("value")

    def wait_for(self, expression: str, timeout_s: float = _ANSWER_S) -> Any:
        """The first true value of ``expression``; raises TimeoutError."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            value = self.eval(expression)
            if value:
                return value
            time.sleep(0.05)  # pages change on their own; there is no event for "it looks like this now"
        raise TimeoutError(f"never true: {expression}")

    def middle(self, selector: str) -> tuple[float, float]:
        """Where the first element that matches stands in the window, after scrolling to it."""
        name = json.dumps(selector)
        box = self.eval(
            "(e => { if (!e) return null; e.scrollIntoView({block: 'center', behavior: 'instant'});"
            " const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })"
            f"(document.querySelector({name}))"
        )
        if box is None:
            raise LookupError(f"nothing on the page matches {selector}")
        return box[0], box[1]

    def hover(self, selector: str) -> None:
        """Move the mouse over an element."""
        x, y = self.middle(selector)
        self.send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def click(self, selector: str) -> None:
        """A real click in the middle of an element."""
        x, y = self.middle(selector)
        self.send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key: str) -> None:
        """A key, by its DOM name: ``ArrowRight``, ``Enter``, ``" "``, ``a``."""
        code, number = _KEYS.get(key, (f"Key{key.upper()}", ord(key[0].upper())))
        text = {" ": " ", "Enter": "\r"}.get(key, key if len(key) == 1 else "")
        event = {"key": key, "code": code, "windowsVirtualKeyCode": number}
        self.send("Input.dispatchKeyEvent", type="keyDown", **event, **({"text": text} if text else {}))
        self.send("Input.dispatchKeyEvent", type="keyUp", **event)

    def screenshot(self, path: Path | str, *, whole: bool = True) -> None:
        """A PNG of the window, or of the whole page."""
        data = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        Path(path).write_bytes(base64.b64decode(data))
