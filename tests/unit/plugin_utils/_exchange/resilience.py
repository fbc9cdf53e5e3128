# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions that end, time that passes only where somebody waits, and calls to tell apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Union

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.deadline import Deadline
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    WRITERS,
    Answer,
    Call,
    CmdletError,
    SessionInfo,
    SessionLost,
)

Fate = Union[Answer, CmdletError, Exception]
THROTTLED = CmdletError("Too many requests.", category="LimitsExceeded")
BUSY = CmdletError("The LDAP server is unavailable.")
ENDED = CmdletError("Required resource is not available. Please re-establish the connection.")
DENIED = CmdletError("Access is denied.")


def read(name: str) -> Call:
    return Call("Get-MailboxPermission", {"Identity": name})


def look_up(name: str) -> Call:
    return Call("Get-EXORecipient", {"Filter": name})


def write(name: str) -> Call:
    return Call("Add-MailboxPermission", {"Identity": name})


def name_of(call: Call) -> str:
    return str(call.parameters.get("Identity") or call.parameters["Filter"])


class Clock:
    """Time that passes only in pauses; ``pauses`` with why."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[tuple[float, str]] = []

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float, why: str) -> None:
        self.now += seconds
        self.pauses.append((seconds, why))

    def deadline(self, seconds: float | None = None) -> Deadline:
        return Deadline(seconds, self)


class Far:
    """The far end over all sessions. ``script``: what becomes of a call, by its name, one after the other; a call that
    has none is answered with nothing. An exception is raised; ``calls``: (number of the session, name of the call)."""

    def __init__(self, **script: Fate | Sequence[Fate]) -> None:
        self.script = {name: list(one) if isinstance(one, Sequence) else [one] for name, one in script.items()}
        self.calls: list[tuple[int, str]] = []
        self.opened = self.closed = self.kept_alive = 0
        self.refusals: list[Exception] = []
        self.silent = False

    def open(self) -> FarSession:
        self.opened += 1
        if self.refusals and self.refusals[0]:
            raise self.refusals.pop(0)
        return FarSession(self, self.opened)

    def becomes(self, call: Call) -> Fate:
        waiting = self.script.get(name_of(call), [])
        return waiting.pop(0) if waiting else Answer()

    @property
    def names(self) -> list[str]:
        return [name for _session, name in self.calls]


class FarSession:
    """Keeps up to ``window`` reads in flight, as PowerShell's does, so that a loss hits more than one."""

    def __init__(self, far: Far, number: int, window: int = 4) -> None:
        self.info = SessionInfo(place={"session": number})
        self._far = far
        self._number = number
        self._window = window

    def invoke(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer]]:
        source, more = iter(calls), True
        flight: list[Call] = []
        while more or flight:
            while more and len(flight) < self._window and not any(call.cmdlet in WRITERS for call in flight):
                taken = next(source, None)
                more = taken is not None
                flight += [taken] if taken else []
            if flight:
                yield self._served(flight)

    def _served(self, flight: list[Call]) -> tuple[Call, Answer]:
        call = flight[0]
        self._far.calls.append((self._number, name_of(call)))
        made = self._far.becomes(call)
        if isinstance(made, SessionLost):
            raise SessionLost(str(made), tuple(flight), made.failure, made.overdue)
        if isinstance(made, Exception):
            raise made
        return flight.pop(0), made if isinstance(made, Answer) else Answer(error=made)

    def keep_alive(self) -> None:
        self._far.kept_alive += 1
        if self._far.silent:
            raise SessionLost("no answer to a ping")

    def close(self) -> None:
        self._far.closed += 1


def answers(invoke: Callable[[Iterable[Call]], Iterator[tuple[Call, Answer]]], *calls: Call) -> dict[str, Answer]:
    """Each call's one answer."""
    made: dict[str, Answer] = {}
    for call, answer in invoke(list(calls)):
        assert name_of(call) not in made, "an answer came twice"
        made[name_of(call)] = answer
    return made


def reads(names: str) -> list[Call]:
    return [read(name) for name in names]
