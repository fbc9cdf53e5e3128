# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults put into the conversation on purpose: what goes wrong, at which request, before or after the service acted."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Union

from .soap import Action


@dataclass(frozen=True)
class SoapFault:
    """The answer is this fault (a number of :class:`~.fault.Code`) instead of the real one."""

    code: int


@dataclass(frozen=True)
class HttpAnswer:
    """The answer is this status and body, unencrypted, as of a proxy, a captive portal or HTTP.sys."""

    status: int
    body: bytes = b""
    content_type: str = "text/html"


@dataclass(frozen=True)
class Reset:
    """The TCP connection is reset instead of an answer."""


@dataclass(frozen=True)
class Refuse:
    """All connections are reset, and new ones refused for some seconds, as during a restart of the service."""

    seconds: float


@dataclass(frozen=True)
class Reboot:
    """As Refuse, and no shell outlives it: whoever comes back afterwards meets 2150858843."""

    seconds: float


@dataclass(frozen=True)
class DropIdle:
    """The connection is closed behind the answer, as HTTP.sys does with one that was idle for too long. What is
    encrypted for it, and sent over the next one, is answered with 400 (winrm facts 1.3)."""


@dataclass(frozen=True)
class ForgetSignIn:
    """The connection is no longer signed in, as after a ticket has run out: 401, and the handshake begins anew."""


@dataclass(frozen=True)
class CutSend:
    """Of a Send only the first ``share`` of its bytes reaches the process. The connection is reset then, or, where
    this is ``silent``, the client is told that all is well."""

    share: float = 0.5
    silent: bool = False


@dataclass(frozen=True)
class OrphanReceive:
    """The connection is reset as soon as a Receive has come in; it lives on at the service until its time is up, and
    takes the output that comes meanwhile (winrm facts 3.6)."""


@dataclass(frozen=True)
class BadMic:
    """The answer is encrypted with a signature that does not verify."""


@dataclass(frozen=True)
class Slow:
    """The answer comes in equal pieces over some seconds; one piece: nothing for that long, then everything."""

    seconds: float
    pieces: int = 1


@dataclass(frozen=True)
class KillProcess:
    """The processes of the shell die just before the request is served."""


@dataclass(frozen=True)
class LoseExitCode:
    """The processes of the shell die without an exit code (winrm facts F18), just before the request is served."""


@dataclass(frozen=True)
class CloseCommand:
    """The command is closed before the request is served; from then on the service answers so (winrm facts F3)."""


@dataclass(frozen=True)
class LoseShell:
    """The shell is gone before the request is served, as after a restart of the service."""


#: What happens to the far end before it serves the request as usual.
Effect = Union[KillProcess, LoseExitCode, LoseShell, CloseCommand, CutSend]
#: What the client gets instead of, or made of, the real answer.
Disturbance = Union[
    SoapFault, HttpAnswer, Reset, Refuse, Reboot, BadMic, Slow, DropIdle, ForgetSignIn, CutSend, OrphanReceive
]
Kind = Union[Effect, Disturbance]


@dataclass(frozen=True)
class Fault:
    """``kind`` happens at the ``nth`` request for ``on`` (any, if None) after the fault was added, ``times`` times.

    ``acted``: the service has served the request before the answer is lost. So an orphaned Receive, whose output is
    gone, may also be ``Fault(SoapFault(Code.OPERATION_TIMEOUT), on=Action.RECEIVE, acted=True)``. BadMic, Slow and
    DropIdle need the real answer and always act.
    """

    kind: Kind
    on: Action | None
    nth: int = 1
    times: int = 1
    acted: bool = False


class FaultPlan:
    """The faults still to come. ``fired`` lists those that happened, so that a test can tell that they did."""

    def __init__(self) -> None:
        self.fired: list[Fault] = []
        self._waiting: list[tuple[Fault, Iterator[int]]] = []
        self._lock = threading.Lock()

    def add(self, *faults: Fault) -> None:
        with self._lock:
            self._waiting.extend((fault, itertools.count(1)) for fault in faults)

    def take(self, action: Action) -> Fault | None:
        """Counts a request and gives the fault that is due at it; of several, the one added first."""
        with self._lock:
            numbers = [(fault, next(seen)) for fault, seen in self._waiting if fault.on in (None, action)]
            due = next((fault for fault, number in numbers if fault.nth <= number < fault.nth + fault.times), None)
            if due is not None:
                self.fired.append(due)
            return due
