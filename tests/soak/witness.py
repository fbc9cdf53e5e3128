# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks on while a client works: what reached Exchange, what the journal said by then, what the books said after."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...plugins.plugin_utils._exchange.session import WRITERS, Answer, Parameter
from ...plugins.plugin_utils._tenant.access import EMPTY, AccessList
from ...plugins.plugin_utils._tenant.sign_in import Connection
from ...plugins.plugin_utils._tenant.tenant import CallRecord, Tenant
from ..simulator.faults import FaultyTenant
from .scenario import Kill

#: Cmdlet, mailbox, whom it names, right or inheritance: what makes two writes the same.
WriteKey = tuple[str, str, str, str]


@dataclass
class Heard:
    """A call that reached Exchange. ``recorded``: how often the journal told of it by then, if it writes.

    ``answer``: as the client got it; None where none was given. ``carried_out``: how the organisation has it in its
    log; None where it was not carried out. ``before``, ``after``: the access lists of the mailbox.
    """

    cmdlet: str
    parameters: Mapping[str, Parameter]
    at: float
    recorded: int = 0
    answer: Answer | None = None
    answered_at: float = 0.0
    carried_out: CallRecord | None = None
    before: AccessList = EMPTY
    after: AccessList = EMPTY

    @property
    def writes(self) -> bool:
        return self.cmdlet in WRITERS

    @property
    def mailbox(self) -> str:
        return str(self.parameters.get("Identity", "")).lower()

    @property
    def key(self) -> WriteKey:
        return write_key(self.cmdlet, self.parameters)


def write_key(cmdlet: str, parameters: Mapping[str, Any]) -> WriteKey:
    """What a write is about, however often it is sent."""
    edit = parameters.get("GrantSendOnBehalfTo")
    verb, whom = "", parameters.get("Trustee") or parameters.get("User") or ""
    if isinstance(edit, dict):
        verb, whom = next((name, each[0]) for name, each in edit.items())
    detail = str(parameters.get("InheritanceType", "")) or verb
    return cmdlet, str(parameters.get("Identity", "")).lower(), str(whom).lower(), detail.lower()


class WitnessedTenant(Tenant):
    """An organisation whose calls are looked at one by one."""

    def __init__(self, organisation: Any) -> None:
        super().__init__(organisation)
        self.current = threading.local()
        self.at_sign_in: Callable[[], None] = lambda: None
        self._one_at_a_time = threading.Lock()

    def connect(self, sign_in: Mapping[str, object]) -> Connection:
        self.at_sign_in()
        return super().connect(sign_in)

    def invoke(
        self,
        connection_id: str,
        cmdlet: str,
        parameters: Mapping[str, Parameter],
        *,
        lag: int = 0,
        falsified: str = "",
    ) -> Answer:
        with self._one_at_a_time:
            heard: Heard | None = getattr(self.current, "heard", None)
            guid = str(parameters.get("Identity", "")).lower()
            before = self.organisation.access.get(guid, EMPTY)
            answer = super().invoke(connection_id, cmdlet, parameters, lag=lag, falsified=falsified)
            if heard is not None:
                heard.before, heard.after = before, self.organisation.access.get(guid, EMPTY)
                heard.carried_out = self.calls[-1]
            return answer


class Witness:
    """``calls``: all that reached Exchange, in order. Kills the client when its time has come."""

    def __init__(self, tenant: WitnessedTenant, faulty: FaultyTenant, journal: Path, kill: Kill | None) -> None:
        self.calls: list[Heard] = []
        self.killed = False
        self._tenant = tenant
        self._invoke = faulty.invoke
        self._journal = journal
        self._kill = kill
        self._pid = 0
        self._lock = threading.Lock()
        faulty.invoke = self.invoke  # type: ignore[method-assign]

    def started(self, pid: int) -> None:
        """The client, by its number."""
        self._pid = pid
        if self._kill and self._kill.on == "start":
            self._end_soon()

    def ended(self) -> None:
        """The client has ended by itself, or not: its number is another's now."""
        with self._lock:
            self._pid = 0

    def invoke(self, connection_id: str, cmdlet: str, parameters: Mapping[str, Parameter]) -> Answer:
        """In place of the organisation's."""
        heard = Heard(cmdlet, dict(parameters), time.time())
        if heard.writes:
            heard.recorded = lines_about(self._journal, heard.key)
        with self._lock:
            self.calls.append(heard)
            same = [each for each in self.calls if each.writes or (self._kill and self._kill.on == "call")]
            due = self._kill and self._kill.on != "start" and len(same) == self._kill.number and same[-1] is heard
        if due:
            self._end_soon()
        self._tenant.current.heard = heard
        try:
            heard.answer = self._invoke(connection_id, cmdlet, parameters)
            heard.answered_at = time.time()
        finally:
            self._tenant.current.heard = None
        return heard.answer

    def _end_soon(self) -> None:
        kill = self._kill
        if kill and kill.milliseconds:
            timer = threading.Timer(kill.milliseconds / 1000, self._end)
            timer.daemon = True
            timer.start()
        else:
            self._end()

    def _end(self) -> None:
        with self._lock, suppress(ProcessLookupError):
            if self._pid:
                os.kill(self._pid, signal.SIGKILL)
                self.killed = True


def lines_about(journal: Path, key: WriteKey) -> int:
    """How many whole lines of a journal say that this write is about to be sent."""
    with suppress(FileNotFoundError):
        return sum(_tells_of(line, key) for line in journal.read_bytes().split(b"\n")[:-1])
    return 0


def _tells_of(line: bytes, key: WriteKey) -> bool:
    try:
        entry = json.loads(line)
    except ValueError:
        return False
    if not isinstance(entry, dict) or entry.get("entry") != "before":
        return False
    return recorded_key(entry) == key


def recorded_key(entry: Mapping[str, Any]) -> WriteKey:
    """The same for a line of a journal."""
    detail = entry["inheritance_type"] or ("" if entry["cmdlet"] != "Set-Mailbox" else _EDITS[entry["verb"]])
    return entry["cmdlet"], entry["mailbox"]["guid"].lower(), entry["trustee"].lower(), detail.lower()


_EDITS = {"grant": "add", "revoke": "remove"}
