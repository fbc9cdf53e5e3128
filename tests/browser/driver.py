# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A headless Chromium, driven over the DevTools protocol through two pipes: no port is opened, nothing is fetched."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import signal
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from ansible_collections.email_router.exchange_online.tests.tools import chromium

#: Seconds for any one answer.
PATIENCE = 120
SWITCHES = (
    "--headless",
    "--no-sandbox",  # its own needs rights that a container rarely gives
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
#: The descriptors at which Chromium reads commands and writes answers.
READS, WRITES = 3, 4


class BrowserError(Exception):
    """Chromium refused a command, ended, or did not answer."""


class Browser:
    """One Chromium for many pages; ``close`` ends it and all its processes."""

    def __init__(self, directory: Path) -> None:
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        self._log = directory / "chromium.log"
        self._pid = _start(directory, self._log, commands, answers)
        self._ids, self._buffer = 0, b""
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """The result of a command. Raises BrowserError."""
        self._ids += 1
        message = {"id": self._ids, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        _write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next(time.monotonic() + PATIENCE, method)
            if answer.get("id") == self._ids:
                break
            self.events.append(answer)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def wait_for(self, method: str, session: str) -> None:
        """Until this event of the page has come. Raises BrowserError."""
        deadline = time.monotonic() + PATIENCE
        while not any(one["method"] == method and one.get("sessionId") == session for one in self.events):
            self.events.append(self._next(deadline, method))

    def page(self, width: int = 1280, height: int = 900) -> Page:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        return Page(self, target, width, height)

    def close(self) -> None:
        for descriptor in (self._commands, self._answers):
            os.close(descriptor)
        os.killpg(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_why: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _next(self, deadline: float, awaited: str) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _writable, _odd = select.select([self._answers], [], [], max(0, deadline - time.monotonic()))
            read = os.read(self._answers, 1 << 20) if ready else b""
            if not read:
                raise BrowserError(
                    f"no {awaited}: {'Chromium ended' if ready else 'no answer in time'}; {self._said()}"
                )
            self._buffer += read
        line, self._buffer = self._buffer.split(b"\0", 1)
        message: dict[str, Any] = json.loads(line)
        return message

    def _said(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]


class Page:
    """A tab. ``troubles``: whatever the console would show in red; ``fetched``: every address that was asked for."""

    def __init__(self, browser: Browser, target: str, width: int, height: int) -> None:
        self._browser, self._target = browser, target
        self.session: str = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.resize(width, height)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.call(method, self.session, **parameters)

    def open(self, file: Path) -> None:
        """Until all of it is there."""
        self.call("Page.navigate", url=file.as_uri())
        self._browser.wait_for("Page.loadEventFired", self.session)

    def evaluate(self, expression: str) -> Any:
        """The value of an expression of JavaScript, once its promise is kept. Raises BrowserError where it throws."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def press(self, key: str, *, shift: bool = False) -> None:
        """A key, by its name: Tab, Enter, Space or a letter."""
        text = {"Enter": "\r", "Space": " "}.get(key, key if len(key) == 1 else "")
        named = {"key": " " if key == "Space" else key, "code": key, "modifiers": 8 if shift else 0}
        code = {"Tab": 9, "Enter": 13, "Space": 32}.get(key, ord(key.upper()[0]))
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, windowsVirtualKeyCode=code, **named)
        self.call("Input.dispatchKeyEvent", type="keyUp", windowsVirtualKeyCode=code, **named)

    def type(self, text: str) -> None:
        self.call("Input.insertText", text=text)

    def resize(self, width: int, height: int = 900) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def emulate(self, scheme: str = "light", media: str = "screen") -> None:
        """light or dark, screen or print."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)

    def without_scripts(self) -> None:
        self.call("Emulation.setScriptExecutionDisabled", value=True)

    def screenshot(self, file: Path, whole: bool = False) -> None:
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(answer["data"]))

    def pdf(self, **options: Any) -> bytes:
        return base64.b64decode(self.call("Page.printToPDF", printBackground=False, **options)["data"])

    @property
    def troubles(self) -> list[str]:
        found = []
        for event in self._events():
            parameters = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                found.append(str(parameters["exceptionDetails"]))
            elif event["method"] == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
                found.append(str(parameters["args"]))
            elif event["method"] == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
                found.append(parameters["entry"]["text"])
        return found

    @property
    def fetched(self) -> list[str]:
        sent = (one["params"] for one in self._events() if one["method"] == "Network.requestWillBeSent")
        return [parameters["request"]["url"] for parameters in sent]

    def close(self) -> None:
        self._browser.call("Target.closeTarget", targetId=self._target)

    def _events(self) -> list[dict[str, Any]]:
        """Those that have come by now; an answer says that all before it are there."""
        self.call("Runtime.evaluate", expression="0")
        return [event for event in self._browser.events if event.get("sessionId") == self.session]


def _start(directory: Path, log: Path, commands: int, answers: int) -> int:
    """The process id of a Chromium that leads a process group of its own."""
    program = chromium.program()
    arguments = [program, *SWITCHES, f"--user-data-dir={directory / 'profile'}", "about:blank"]
    variables = {**os.environ, **chromium.environment(), "HOME": str(directory)}
    # High enough that putting one in its place does not close the other.
    reads, writes = (fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 20) for descriptor in (commands, answers))
    actions = [
        (os.POSIX_SPAWN_DUP2, reads, READS),
        (os.POSIX_SPAWN_DUP2, writes, WRITES),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    try:
        return os.posix_spawn(program, arguments, variables, file_actions=actions, setpgroup=0)
    finally:
        for descriptor in (commands, answers, reads, writes):
            os.close(descriptor)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
