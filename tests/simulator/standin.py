# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the place of powershell.exe where there is none: speaks the runner's protocol, asks the tenant over HTTP.

``python standin.py powershell.exe … -EncodedCommand X``, with the environment of README.md here. It imports nothing but
the standard library and its two other files beside it, so that it starts at once.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import select
import socket
import sys
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .standin_diagnosis import diagnosis, pretended
    from .standin_exchange import READERS, WRITERS, Exchange, Fault, field, fields, is_argument, is_integer
else:
    from standin_diagnosis import diagnosis, pretended
    from standin_exchange import READERS, WRITERS, Exchange, Fault, field, fields, is_argument, is_integer

NO_BOOTSTRAP, NO_RUNNER, IDLE = 64, 2, 4
_PROPERTY = re.compile(r"[A-Za-z][A-Za-z0-9]*")


class Lines:
    """The lines of a file descriptor, each with a limit on how long to wait for it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._held = bytearray()
        self._ended = False

    def read(self, seconds: float | None = None) -> str | None:
        """The next line, or None at the end. Raises TimeoutError."""
        while b"\n" not in self._held and not self._ended:
            if not select.select([self._descriptor], [], [], seconds)[0]:
                raise TimeoutError
            chunk = os.read(self._descriptor, 65536)
            self._ended = not chunk
            self._held += chunk
        if not self._held:
            return None
        line, *rest = bytes(self._held).split(b"\n", 1)
        self._held = bytearray(*rest)
        return line.decode("utf-8", "replace").rstrip("\r")


class Runner:
    """The state of one process, and its answers."""

    def __init__(self, lines: Lines, source: str, exchange: Exchange) -> None:
        self._lines = lines
        self._source = source
        self._exchange = exchange
        self._read_only = True
        self._greeted = self._quit = False
        self._idle_seconds = 60
        self._sequence = 0
        self._seen: set[int] = set()
        self._kept: deque[tuple[int, str]] = deque()

    def serve(self) -> int:
        """Until quit, the end of input, or too long a silence; gives the exit code. Reads ahead, as the runner does."""
        waiting: deque[dict[str, Any] | None] = deque()
        try:
            while not self._quit:
                try:
                    line = self._lines.read(0 if waiting else self._idle_seconds)
                except TimeoutError:
                    if not waiting:
                        return IDLE
                    self._receive(waiting.popleft())
                    continue
                if line is None:
                    break
                if line.strip():
                    _add(waiting, _frame(line))
            return 0
        finally:
            self._exchange.disconnect()

    def _receive(self, request: dict[str, Any] | None) -> None:
        if request is None:
            text = "not a JSON object with an integer id and an op"
            return self._answer(0, {"ok": False, "error": Fault("bad_frame", text).error})
        while self._kept and self._kept[0][0] <= (request.get("ack") or 0):
            self._kept.popleft()
        if request["id"] in self._seen:
            return None
        self._seen.add(request["id"])
        try:
            answer = self._run(request)
        except Fault as fault:
            answer = {"ok": False, "error": fault.error}
        except Exception as cause:
            answer = {"ok": False, "error": Fault("internal", str(cause), type(cause).__qualname__).error}
        return self._answer(request["id"], answer)

    def _answer(self, number: int, answer: dict[str, Any]) -> None:
        self._sequence += 1
        line = "\n@exo " + json.dumps({"seq": self._sequence, "id": number, **answer}, separators=(",", ":")) + "\n"
        self._kept.append((self._sequence, line))
        _print(line)

    def _run(self, request: dict[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        op = request["op"].lower()
        if op == "hello":
            result = self._hello(request)
        elif op == "diagnose":
            self._exchange.disconnect()
            result = diagnosis(request)
        elif op == "connect":
            result = self._exchange.connect(request)
        elif op == "invoke":
            return self._invoke(request)
        elif op == "resume":
            again = [line for sequence, line in self._kept if sequence > field(request, "after", int)]
            _print("".join(again))
            result = {"resent": len(again)}
        elif op == "disconnect":
            self._exchange.disconnect()
        elif op == "quit":
            self._quit = True
        elif op != "ping":
            raise Fault("bad_request", f"unknown op: {op}")
        return {"ok": True, "result": result}

    def _hello(self, request: dict[str, Any]) -> dict[str, Any]:
        read_only, idle = field(request, "read_only", bool, True), field(request, "idle_seconds", int, 60)
        if not 1 <= idle <= 600:
            raise Fault("bad_request", "idle_seconds must be 1 to 600")
        if not self._greeted:
            self._greeted, self._read_only, self._idle_seconds = True, read_only, idle
        host = socket.gethostname()
        return pretended({
            "protocol": 1, "runner_sha256": hashlib.sha256(self._source.encode()).hexdigest(),
            "powershell": "7.6.0 (stand-in)", "edition": "Core", "language_mode": "FullLanguage",
            "user": f"{host}\\standin", "host": host, "pid": os.getpid(), "read_only": self._read_only,
        })  # fmt: skip

    def _invoke(self, request: dict[str, Any]) -> dict[str, Any]:
        cmdlet, parameters = field(request, "cmdlet", str), field(request, "parameters", dict, {})
        select = field(request, "select", list, [])
        if not all(isinstance(name, str) and _PROPERTY.fullmatch(name) for name in select):
            raise Fault("bad_request", "field select must be a list of names of properties")
        for name, value in parameters.items():
            if not is_argument(name, value):
                raise Fault("bad_request", f"-{name} is blank, or of the wrong kind")
        name = cmdlet.lower()
        if name not in READERS and name not in WRITERS:
            raise Fault("not_allowed", f"{cmdlet} is not on the list of cmdlets that may run")
        for each in parameters:
            if each.lower() not in READERS.get(name, ()) and each.lower() not in WRITERS.get(name, ()):
                raise Fault("not_allowed", f"{cmdlet} may not run with -{each}")
        if self._read_only and name in WRITERS:
            raise Fault("read_only", f"{cmdlet} writes")
        return self._exchange.invoke(cmdlet, parameters, select)


def _frame(line: str) -> dict[str, Any] | None:
    """None where the line is no request."""
    with suppress(ValueError):
        frame = json.loads(line)
        if isinstance(frame, dict) and isinstance(frame.get("op"), str):
            request = fields(frame)
            if is_integer(request.get("id")) and request["id"] >= 1 and is_integer(request.get("ack", 0)):
                return request
    return None


def _add(waiting: deque[dict[str, Any] | None], request: dict[str, Any] | None) -> None:
    """Once the client is done, nobody hears the answers to what waits."""
    if request is not None and request["op"].lower() == "quit":
        waiting.clear()
    waiting.append(request)


def _print(text: str) -> None:
    """That nobody reads any more goes unnoticed, as it does in .NET."""
    data = text.encode("ascii")
    with suppress(BrokenPipeError):
        while data:
            data = data[os.write(sys.stdout.fileno(), data) :]


def main(arguments: list[str], exchange: Exchange | None = None) -> int:
    """As powershell.exe with bootstrap.ps1: reads the runner's source, then serves. ``exchange``: its module."""
    switch, command = (["", "", *arguments])[-2:]
    if switch.lower() != "-encodedcommand" or "OpenStandardInput" not in base64.b64decode(command).decode("utf-16-le"):
        print("this stand-in runs nothing but bootstrap.ps1", file=sys.stderr)
        return NO_BOOTSTRAP
    lines = Lines(sys.stdin.fileno())
    try:
        source = _source(lines, _patience(command))
    except TimeoutError:
        return IDLE
    return NO_RUNNER if source is None else Runner(lines, source, exchange or Exchange()).serve()


def _patience(command: str) -> float:
    """Seconds that bootstrap.ps1 waits for each line."""
    found = re.search(r"\$patience = (\d+)", base64.b64decode(command).decode("utf-16-le"))
    return int(found.group(1)) / 1000 if found else 0.0


def _source(lines: Lines, patience: float) -> str | None:
    """What bootstrap.ps1 would run; None where it ends too soon. Raises TimeoutError."""
    count = (lines.read(patience) or "").lstrip("\ufeff")
    if not count.isdecimal():
        return None
    source = [line for line in (lines.read(patience) for number in range(int(count))) if line is not None]
    return "\n".join(source) if len(source) == int(count) else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
