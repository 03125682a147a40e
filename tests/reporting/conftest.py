"""A headless Chromium, driven over the WebDriver protocol with the standard library alone."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")

# The text of the page with what is in shadow roots, which `innerText` leaves out.
TEXT = """
const text = (node) => {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent;
  if (["STYLE", "SCRIPT", "TEMPLATE"].includes(node.nodeName)) return "";
  const inside = [...(node.shadowRoot ? [node.shadowRoot] : []), ...node.childNodes];
  return inside.map(text).join("\\n");
};
return text(document.body).replace(/\\s*\\n\\s*/g, "\\n");
"""


class Browser:
    """One page, as the fixture `browser` gives it."""

    def __init__(self, session: str) -> None:
        self._session = session

    def visit(self, address: str) -> None:
        """Load a page."""
        call(f"{self._session}/url", {"url": address})

    def script(self, code: str) -> Any:
        """Run JavaScript in the page and return what it returns."""
        return call(f"{self._session}/execute/sync", {"script": code, "args": []})

    def text(self) -> str:
        """Return the page's text, shadow roots included, a line a piece."""
        return str(self.script(TEXT))

    def wait_for_text(self, *pieces: str, seconds: float = 60) -> str:
        """Return the page's text once all pieces are lines of it."""

        def complete() -> str | None:
            found = self.text()
            return found if set(pieces) <= set(found.splitlines()) else None

        try:
            return str(wait_for(complete, seconds))
        except TimeoutError:
            raise AssertionError(f"{pieces} are not all in the page:\n{self.text()}") from None

    def wait_for_script(
        self, code: str, condition: Callable[[Any], bool], seconds: float = 60
    ) -> Any:
        """Return what the JavaScript returns once the condition holds for it."""
        found: list[Any] = []

        def complete() -> bool:
            found[:] = [self.script(code)]
            return condition(found[0])

        try:
            wait_for(complete, seconds)
        except TimeoutError:
            raise AssertionError(f"The page never got there: {found}") from None
        return found[0]

    def screenshot(self, path: Path) -> None:
        """Write what is to be seen as a PNG file."""
        path.write_bytes(base64.b64decode(call(f"{self._session}/screenshot")))


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A headless Chromium; the test is skipped where there is none."""
    if not (CHROMIUM and DRIVER):
        pytest.skip("needs chromium and chromedriver (Debian: chromium, chromium-driver)")
    port = free_port()
    arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    options = {"binary": CHROMIUM, "args": [*arguments, "--window-size=1500,1100"]}
    capabilities = {"alwaysMatch": {"goog:chromeOptions": options}}
    with background([DRIVER, f"--port={port}"]):
        root = f"http://127.0.0.1:{port}"
        wait_for(lambda: call(f"{root}/status")["ready"], 30)
        session = call(f"{root}/session", {"capabilities": capabilities})["sessionId"]
        try:
            yield Browser(f"{root}/session/{session}")
        finally:
            call(f"{root}/session/{session}", method="DELETE")


@contextmanager
def background(command: list[str]) -> Iterator[None]:
    """Run a command in the background, and end it with the context."""
    started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        started.terminate()
        try:
            started.wait(10)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def call(address: str, body: dict[str, Any] | None = None, method: str | None = None) -> Any:
    """Send a WebDriver command and return its value."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    request.method = method or ("GET" if data is None else "POST")
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)["value"]


def wait_for(condition: Callable[[], Any], seconds: float) -> Any:
    """Return what the condition returns as soon as that is true; a refused connection is not."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            found = condition()
        except (urllib.error.URLError, ConnectionError):
            found = None
        if found:
            return found
        time.sleep(0.2)
    raise TimeoutError(f"nothing within {seconds} seconds")


@pytest.fixture
def tensorboard() -> Iterator[Callable[[Path], str]]:
    """A function that starts TensorBoard on a folder and returns its address."""
    with ExitStack() as stack:

        def start(folder: Path) -> str:
            port = free_port()
            command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder)]
            stack.enter_context(background([*command, "--port", str(port), "--load_fast=false"]))
            address = f"http://127.0.0.1:{port}"
            wait_for(lambda: fetch(f"{address}/data/runs"), 60)
            return address

        yield start


def fetch(address: str) -> Any:
    """Return the JSON at an address."""
    with urllib.request.urlopen(address, timeout=60) as answer:
        return json.load(answer)


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])
