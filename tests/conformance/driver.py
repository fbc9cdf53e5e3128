# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Talks raw bytes to a server of the wire protocol, a real PowerShell or the stand-in, before a tenant that echoes."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    Answer,
    Parameter,
    Property,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._remote.bootstrap import Launch, launch
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import App, Organisation
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.tenant import Connection, Tenant
from ansible_collections.email_router.exchange_online.tests.simulator.certificates import CertificateStore

#: Far more than any answer takes, so that a hang is a failure and not a hang.
PATIENCE = 30.0
MARKER = b"@exo "
TOKEN = "token of the tests"
ORGANIZATION = "contoso.onmicrosoft.com"
SIGN_IN = {"way": "access_token", "organization": ORGANIZATION, "access_token": TOKEN}
CMDLETS: dict[str, list[str]] = {
    name: []
    for name in (
        "Get-EXORecipient", "Get-EXOMailbox", "Get-Mailbox", "Get-Recipient", "Get-User", "Get-Group",
        "Get-RecipientPermission", "Get-MailboxPermission", "Get-ConnectionInformation", "Add-RecipientPermission",
        "Remove-RecipientPermission", "Add-MailboxPermission", "Remove-MailboxPermission", "Set-Mailbox",
    )
}  # fmt: skip
CONNECT = {"minimum_module": "3.2.0", "cmdlets": CMDLETS, "sign_in": SIGN_IN}


def echo(cmdlet: str, parameters: Mapping[str, Parameter]) -> Answer:
    """One row that says what was called, with a property of each kind."""
    said = json.dumps(dict(parameters), sort_keys=True)
    plain: dict[str, Property] = {
        "Text": "a",
        "Flag": True,
        "Number": 7,
        "List": ["a", "b"],
        "One": ["a"],
        "Empty": [],
        "Nothing": None,
    }
    return Answer(({"Cmdlet": cmdlet, "Parameters": said, **plain, "Nothing": None},))


class EchoTenant(Tenant):
    """Signs in whoever should be; ``reply`` answers each call; remembers sign-ins, and who has signed out."""

    def __init__(self, app: App | None = None) -> None:
        super().__init__(Organisation(ORGANIZATION, apps=(app or App(access_tokens=(TOKEN,)),)))
        self.reply: Callable[[str, Mapping[str, Parameter]], Answer | None] = echo
        self.before_invoke = self._replied
        self.bodies: list[dict[str, object]] = []
        self.open: set[str] = set()

    def _replied(self, cmdlet: str, parameters: Mapping[str, Parameter]) -> Answer | None:
        return self.reply(cmdlet, parameters)

    def connect(self, sign_in: Mapping[str, object]) -> Connection:
        self.bodies.append(dict(sign_in))
        made = super().connect(sign_in)
        self.open.add(made.connection_id)
        return made

    def disconnect(self, connection_id: str) -> None:
        self.open.discard(connection_id)
        super().disconnect(connection_id)


@dataclass(frozen=True)
class Line:
    """A line of standard output, without its line feed."""

    data: bytes

    @property
    def answer(self) -> dict[str, Any] | None:
        """The object on a line of the protocol, None on a line of log."""
        if not self.data.startswith(MARKER):
            return None
        with suppress(ValueError):
            answer: dict[str, Any] = json.loads(self.data[len(MARKER) :])
            return answer
        return None


@dataclass
class Conversation:
    """A process, the lines that it has written so far, and numbers for what is asked; a context manager."""

    process: subprocess.Popen[bytes]
    lines: list[Line] = field(default_factory=list)
    errors: list[bytes] = field(default_factory=list)
    last_id: int = 0

    def __post_init__(self) -> None:
        self._arrived: queue.Queue[Line | None] = queue.Queue()
        self._threads = [threading.Thread(target=read, daemon=True) for read in (self._read, self._read_errors)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join(PATIENCE)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None and not stream.closed:
                with suppress(OSError):
                    stream.close()

    def send(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send_object(self, request: Mapping[str, Any]) -> None:
        self.send(line_of(request))

    def next_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def ask(self, op: str, **fields: Any) -> dict[str, Any]:
        """Sends a request and waits for its answer."""
        number = self.next_id()
        self.send_object({"id": number, "op": op, **fields})
        return self.answer_to(number)

    def call(self, cmdlet: str, *select: str, **parameters: Any) -> dict[str, Any]:
        return self.ask("invoke", cmdlet=cmdlet, parameters=parameters, select=list(select))

    def error_of(self, op: str, **fields: Any) -> str:
        """The code with which a request is refused, empty where it is not."""
        return str(self.ask(op, **fields).get("error", {}).get("code", ""))

    def answer_to(self, number: int) -> dict[str, Any]:
        """The next answer to a request; what comes before it is kept in ``lines``."""
        while True:
            answer = self.next_answer()
            if answer["id"] == number:
                return answer

    def next_answer(self) -> dict[str, Any]:
        while True:
            line = self.next_line()
            assert line is not None, f"the process ended: {self.log} {self.errors}"
            if line.answer is not None:
                return line.answer

    def next_line(self) -> Line | None:
        """Waits for a line; None at the end of output."""
        line = self._arrived.get(timeout=PATIENCE)
        if line is not None:
            self.lines.append(line)
        return line

    @property
    def answers(self) -> list[dict[str, Any]]:
        """All that have been read."""
        return [answer for line in self.lines if (answer := line.answer)]

    @property
    def log(self) -> list[str]:
        """What was printed besides answers, and has been read."""
        return [
            line.data.decode("utf-8", "replace") for line in self.lines if line.answer is None and line.data.strip()
        ]

    def end_input(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def exit_code(self) -> int:
        """Waits for the end."""
        while self.next_line() is not None:
            pass
        return self.process.wait(PATIENCE)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for data in self.process.stdout:
            self._arrived.put(Line(data.rstrip(b"\n").rstrip(b"\r")))
        self._arrived.put(None)

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        self.errors.extend(self.process.stderr)


@dataclass(frozen=True)
class Server:
    """How to start one kind of server. ``tenant`` is what it signs in to, ``store`` that of its user's certificates."""

    words: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path
    tenant: EchoTenant
    store: CertificateStore

    def process(self, how: Launch | None = None) -> subprocess.Popen[bytes]:
        """A process that waits for the runner's source; ``how``: otherwise than the client starts it."""
        pipe = subprocess.PIPE
        command = [*self.words, *(how or source()).arguments]
        environment = dict(self.environment)
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, cwd=self.directory)

    def start(self, preamble: bytes | None = None) -> Conversation:
        """A process that has the runner's source, or what is given in its place."""
        conversation = Conversation(self.process())
        conversation.send(source().preamble if preamble is None else preamble)
        return conversation

    def greeted(self, read_only: bool = False) -> Conversation:
        conversation = self.start()
        assert conversation.ask("hello", read_only=read_only)["ok"]
        return conversation

    def connected(self, read_only: bool = False) -> Conversation:
        conversation = self.greeted(read_only)
        answer = conversation.ask("connect", **CONNECT)
        assert answer["ok"], answer
        return conversation


def source() -> Launch:
    """What the client sends first."""
    return launch("powershell.exe")


def line_of(request: Mapping[str, Any]) -> bytes:
    return json.dumps(request).encode("ascii") + b"\n"
