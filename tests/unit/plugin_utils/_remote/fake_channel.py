# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A channel in memory with a small runner behind it, which loses, doubles, cuts and delays what it is told to."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.bootstrap import Launch
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.channel import (
    ChannelInterrupted,
    ChannelStatistics,
    Output,
)

SOURCE = b"# a runner\n# of two lines"
LAUNCH = Launch(["-EncodedCommand", "QQA="], b"2\n" + SOURCE + b"\n", hashlib.sha256(SOURCE).hexdigest())
Request = dict[str, Any]
#: What an operation answers: the fields that follow seq and id.
Handler = Callable[[Request], dict[str, Any]]


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def echo(request: Request) -> dict[str, Any]:
    """Answers a cmdlet with one row that names its request."""
    if request["op"] != "invoke":
        return {"ok": True, "result": {}}
    return {"ok": True, "rows": [{"Echo": request["parameters"]["Identity"]}], "warnings": [], "ms": 1}


class FakeRunner:
    """Serves the protocol of docs/wire-protocol.md; ``executed``: every request that was carried out, in order."""

    def __init__(self, handler: Handler = echo) -> None:
        self.executed: list[Request] = []
        self.log: list[str] = []
        self.kept: deque[tuple[int, bytes]] = deque()
        self.quit = False
        self.lines: list[bytes] = []
        self.handler = handler
        self._buffer = b""
        self._to_read: int | None = None
        self._seen: set[int] = set()
        self._seq = 0

    def feed(self, data: bytes) -> bytes:
        """Bytes of standard input; gives what is written to standard output because of them."""
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        return b"".join(self._line(line) for line in lines)

    def _line(self, line: bytes) -> bytes:
        if self._to_read is None:
            self._to_read = int(line)
        elif self._to_read:
            self._to_read -= 1
            self.lines.append(line)
        elif line.strip():
            return self._request(line)
        return b""

    def _request(self, line: bytes) -> bytes:
        try:
            request = json.loads(line.decode("ascii"))
            number = request["id"]
        except (ValueError, KeyError, TypeError):
            return self._answer(0, {"ok": False, "error": {"code": "bad_frame", "type": "", "text": ""}})
        while self.kept and self.kept[0][0] <= request.get("ack", 0):
            self.kept.popleft()
        if number in self._seen:
            return b""
        self._seen.add(number)
        return self._serve(number, request)

    def _serve(self, number: int, request: Request) -> bytes:
        if request["op"] == "ping":
            return self._answer(number, {"ok": True, "result": {}})
        if request["op"] == "resume":
            again = b"".join(line for seq, line in self.kept if seq > request["after"])
            return again + self._answer(number, {"ok": True, "result": {}})
        if request["op"] == "quit":
            self.quit = True
        self.executed.append(request)
        if request["op"] == "hello":
            result = {"host": "HOST", "user": "U", "runner_sha256": hashlib.sha256(b"\n".join(self.lines)).hexdigest()}
            return self._answer(number, {"ok": True, "result": result})
        return self._answer(number, self.handler(request))

    def _answer(self, number: int, fields: dict[str, Any]) -> bytes:
        self._seq += 1
        line = b"\n@exo " + json.dumps({"seq": self._seq, "id": number, **fields}).encode() + b"\n"
        self.kept.append((self._seq, line))
        return line


class OnSend(Enum):
    """What becomes of a send. Cut: only its first half arrives. Silent: the client is told that all is well."""

    ARRIVES = "arrives"
    ARRIVES_INTERRUPTED = "arrives, contact lost"
    LOST = "lost, contact lost"
    LOST_SILENTLY = "lost"
    CUT = "cut, contact lost"
    CUT_SILENTLY = "cut"


class OnReceive(Enum):
    """What becomes of the output that is there."""

    ARRIVES = "arrives"
    NOTHING = "nothing for 20 seconds"
    SPLIT = "the first half now, the rest later"
    LOST = "all lost, contact lost"
    HALF_LOST = "the first half lost, contact lost"
    HALF_LOST_SILENTLY = "the first half lost"
    INTERRUPTED = "contact lost"
    LINE_LOST = "the first answer lost"
    TWICE = "everything comes twice"


@dataclass
class FakeChannel:
    """``on_send`` and ``on_receive`` are used up one by one, then everything arrives."""

    runner: FakeRunner = field(default_factory=FakeRunner)
    clock: Clock = field(default_factory=Clock)
    on_send: Iterable[OnSend] = ()
    on_receive: Iterable[OnReceive] = ()
    #: Output of the process before it ends with the code, whatever it is sent.
    dies_with: tuple[int, bytes, bytes] | None = None
    statistics: ChannelStatistics = field(default_factory=ChannelStatistics)
    calls: list[str] = field(default_factory=list)
    sends: list[bytes] = field(default_factory=list)
    output: bytes = b""

    def __post_init__(self) -> None:
        self._on_send = iter(self.on_send)
        self._on_receive = iter(self.on_receive)

    @property
    def place(self) -> Mapping[str, object]:
        return {"channel": "fake"} if self.calls and self.calls[-1].startswith("open") else {}

    def open(self, executable: str, arguments: list[str]) -> None:
        self.calls.append(f"open {executable}")

    def send(self, data: bytes) -> None:
        self.sends.append(data)
        fate = next(self._on_send, OnSend.ARRIVES)
        share = {"arrives": len(data), "lost": 0, "cut": len(data) // 2}[fate.value.split(",")[0]]
        self.output += self.runner.feed(data[:share])
        if fate.value.endswith("contact lost"):
            raise ChannelInterrupted(fate.value)

    def receive(self) -> Output:
        fate = next(self._on_receive, OnReceive.ARRIVES)
        if self.dies_with is not None:
            code, stdout, stderr = self.dies_with
            return Output(stdout, stderr, code, ended=True)
        if fate is OnReceive.NOTHING or not self.output:
            self.clock.sleep(20)
        taken, self.output = self._divided(fate)
        if fate is OnReceive.HALF_LOST_SILENTLY:
            self.clock.sleep(20)
            return Output()
        if fate in (OnReceive.LOST, OnReceive.HALF_LOST, OnReceive.INTERRUPTED):
            raise ChannelInterrupted(fate.value)
        return Output(taken, exit_code=0 if self.runner.quit else None, ended=self.runner.quit)

    def _divided(self, fate: OnReceive) -> tuple[bytes, bytes]:
        """What arrives now, and what is left for later."""
        half = len(self.output) // 2
        if fate in (OnReceive.NOTHING, OnReceive.INTERRUPTED):
            return b"", self.output
        if fate in (OnReceive.SPLIT, OnReceive.HALF_LOST, OnReceive.HALF_LOST_SILENTLY):
            return self.output[:half], self.output[half:]
        if fate is OnReceive.LINE_LOST:
            return self.output[self.output.find(b"\n", 1) + 1 :], b""
        return self.output * (2 if fate is OnReceive.TWICE else 1), b""

    def terminate(self) -> None:
        self.calls.append("terminate")

    def close(self) -> None:
        self.calls.append("close")
