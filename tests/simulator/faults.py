# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trouble over a tenant, by a schedule: errors before and after the deed, answers that lie, and none at all."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import TracebackType
from typing import Union, cast

from ...plugins.plugin_utils._exchange.session import (
    WRITERS,
    Answer,
    Call,
    CmdletError,
    Parameter,
    SessionLost,
)
from ...plugins.plugin_utils._tenant.cmdlets import spelled
from ...plugins.plugin_utils._tenant.organisation import Organisation
from ...plugins.plugin_utils._tenant.recipients import Recipient
from ...plugins.plugin_utils._tenant.session import TenantSession
from ...plugins.plugin_utils._tenant.tenant import Connection, Tenant, TenantError
from .effects import Effect, falsified
from .latency import Latency
from .trouble import CONNECT, Throttling, Trouble

__all__ = ["ANY", "ANY_READER", "ANY_WRITER", "CONNECT", "FOREVER", "Effect", "Fault", "FaultyTenant", "Strike",
           "Throttling", "Trouble"]  # fmt: skip

#: In place of a cmdlet: whatever reaches the service after the sign-in.
ANY, ANY_READER, ANY_WRITER = "*", "Get-*", "writers"
#: As ``times``: to the end.
FOREVER = 1_000_000_000


@dataclass(frozen=True)
class Fault:
    """Hits the calls of ``cmdlet`` (on ``identity``, if given) from the ``first`` of them on, ``times`` in a row.

    ``cmdlet``: a name, ANY, ANY_READER, ANY_WRITER, or CONNECT. ``identity``: any unique name of the object.
    ``reads``: with LATE, how many reads of the object do not see the write yet. ``alone``: it passes over a call that
    another fault has struck. ``kind`` and ``lasting`` are for who counts: what it is called, and whether it stays.
    """

    cmdlet: str
    error: Union[Trouble, Throttling, CmdletError] = Trouble.SERVER_SIDE
    effect: Effect = Effect.REFUSED
    first: int = 1
    times: int = 1
    identity: str = ""
    reads: int = 1
    alone: bool = False
    kind: str = ""
    lasting: bool = False

    def __post_init__(self) -> None:
        if self.cmdlet == CONNECT and not self.effect.of_sign_in:
            raise ValueError(f"a sign-in cannot be {self.effect.value}")

    def concerns(self, cmdlet: str) -> bool:
        writes = cmdlet in WRITERS
        if cmdlet == CONNECT or self.cmdlet == CONNECT:
            return cmdlet == self.cmdlet
        if (self.effect.of_reads and writes) or (self.effect is Effect.LATE and not writes):
            return False
        wanted = {ANY: True, ANY_READER: not writes, ANY_WRITER: writes}
        return wanted.get(self.cmdlet, self.cmdlet == cmdlet)

    def is_due(self, seen: int) -> bool:
        """Whether it strikes the call of that number among those that concern it."""
        return self.first <= seen < self.first + self.times

    def as_error(self, cmdlet: str) -> CmdletError:
        return self.error if isinstance(self.error, CmdletError) else self.error.error_of(cmdlet)

    @property
    def ends_session(self) -> bool:
        return self.effect.fails and isinstance(self.error, Trouble) and self.error.ends_session


@dataclass(frozen=True)
class Strike:
    """A fault that struck, and the call that it hit. ``at``: Unix time."""

    fault: Fault
    connection_id: str
    cmdlet: str
    parameters: Mapping[str, Parameter]
    at: float = field(default_factory=time.time, compare=False)


class FaultyTenant:
    """A tenant with latency and faults over it; ``strikes`` are the faults that struck, in order; a context manager.

    What was carried out is in the books of the tenant below, ``calls``, each with how its answer was falsified.
    """

    def __init__(self, tenant: Tenant, *, latency: Latency | None = None, faults: tuple[Fault, ...] = ()) -> None:
        self.strikes: list[Strike] = []
        self._tenant = tenant
        self._latency = latency
        self._faults = faults
        self._seen: Counter[int] = Counter()
        self._struck: dict[str, int] = {}
        self._ended: dict[str, Fault] = {}
        self._lock = threading.Lock()
        self._silence = _Silence()

    @property
    def hits(self) -> list[Fault]:
        """The faults that struck, in order."""
        return [strike.fault for strike in self.strikes]

    def connect(self, sign_in: Mapping[str, object]) -> Connection:
        """Sign in; a fault of Connect-ExchangeOnline is raised as a TenantError."""
        fault = self._await("", CONNECT, {})
        if fault is None:
            return self._tenant.connect(sign_in)
        if fault.effect.carried_out:
            self._tenant.connect(sign_in)
        if fault.effect.silent:
            self._silence.keep("")
        raise TenantError(fault.as_error(CONNECT))

    def invoke(self, connection_id: str, cmdlet: str, parameters: Mapping[str, Parameter]) -> Answer:
        """Run a cmdlet, or what the schedule makes of it. A lost session stays lost (exchange facts E22, E23).

        Raises ConnectionAbortedError where no answer comes, once nobody can be waiting for it any more.
        """
        fault = self._await(connection_id, cmdlet, parameters)
        if connection_id in self._ended:
            return Answer(error=self._ended[connection_id].as_error(cmdlet))
        if fault is None:
            return self._tenant.invoke(connection_id, cmdlet, parameters)
        return self._struck_by(fault, connection_id, cmdlet, parameters)

    def disconnect(self, connection_id: str) -> None:
        self._tenant.disconnect(connection_id)
        self._silence.end(connection_id)

    def stop(self) -> None:
        """Let go of all calls that wait for an answer that never comes."""
        self._silence.end()

    def __enter__(self) -> FaultyTenant:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def wait_for_silence(self, seconds: float) -> bool:
        """Whether within so much time a call is waiting for an answer that never comes."""
        return self._silence.begins_within(seconds)

    @property
    def organisation(self) -> Organisation:
        return self._tenant.organisation

    def session(self, sign_in: Mapping[str, object], read_only: bool = False) -> TenantSession:
        """Sign in with a session in this process, whose calls go through the trouble, too. Raises TenantError."""
        return _FaultySession(cast(Tenant, self), self.connect(sign_in).connection_id, read_only)

    def _struck_by(self, fault: Fault, connection_id: str, cmdlet: str, parameters: Mapping[str, Parameter]) -> Answer:
        effect, answer = fault.effect, Answer()
        if effect is Effect.ANOTHERS:
            parameters = {**parameters, "Identity": self._other(parameters)}
        if effect.carried_out:
            lag = fault.reads if effect is Effect.LATE else 0
            answer = self._tenant.invoke(connection_id, cmdlet, parameters, lag=lag, falsified=effect.name.lower())
        if effect.silent:
            self._silence.keep(connection_id)
        if fault.ends_session:
            self._ended[connection_id] = fault
            self._tenant.disconnect(connection_id)
        return Answer(error=fault.as_error(cmdlet)) if effect.fails else falsified(answer, effect)

    def _await(self, connection_id: str, cmdlet: str, parameters: Mapping[str, Parameter]) -> Fault | None:
        """The time that the call takes, and the fault that strikes it."""
        if self._latency is not None:
            self._latency.pause(cmdlet, parameters)
        with self._lock:
            if connection_id in self._ended:
                return None
            name = spelled(cmdlet) or cmdlet
            call = f"{name} {sorted(parameters.items())}"
            number = self._due(name, parameters, call)
            if number is None:
                return None
            self._struck[call] = number
            self.strikes.append(Strike(self._faults[number], connection_id, cmdlet, dict(parameters)))
            return self._faults[number]

    def _due(self, cmdlet: str, parameters: Mapping[str, Parameter], call: str) -> int | None:
        """The number of the first fault that is due. All that the call concerns count it, but for those that pass over
        it because it is another's."""
        due = None
        for number, fault in enumerate(self._faults):
            other = due is not None or self._struck.get(call, number) != number
            if self._concerns(fault, cmdlet, parameters) and not (fault.alone and other):
                self._seen[number] += 1
                if due is None and fault.is_due(self._seen[number]):
                    due = number
        return due

    def _concerns(self, fault: Fault, cmdlet: str, parameters: Mapping[str, Parameter]) -> bool:
        return (
            fault.concerns(cmdlet)
            and (not fault.identity or self._key(fault.identity) == self._key(parameters.get("Identity", "")))
            and (fault.effect is not Effect.ANOTHERS or bool(self._other(parameters)))
        )

    def _key(self, identity: Parameter) -> str:
        """The GUID of the object that has this for a unique name, else the name itself."""
        name = str(identity).casefold()
        found = self._recipients.get(name)
        return found.guid.casefold() if found else name

    def _other(self, parameters: Mapping[str, Parameter]) -> str:
        """The GUID of another object of the same kind than the one that a call names, or empty. It has another Name:
        rows tell no more of the mailbox that they are about, so between two of one Name nobody could see it."""
        named = self._recipients.get(str(parameters.get("Identity", "")).casefold())
        if named is None:
            return ""
        alike = (each for each in self.organisation.recipients if each.kind is named.kind)
        return next((each.guid for each in alike if each.name.casefold() != named.name.casefold()), "")

    @cached_property
    def _recipients(self) -> dict[str, Recipient]:
        return {
            name.casefold(): each
            for each in reversed(self.organisation.recipients)
            for name in (each.guid, each.object_id, each.distinguished_name, each.upn, each.address, *each.aliases)
            if name
        }


class _Silence:
    """Calls that wait for an answer that never comes, by connection, until somebody ends it for them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: Counter[str] = Counter()
        self._ended: set[str] = set()
        self._over = False

    def keep(self, connection_id: str) -> None:
        """Raises ConnectionAbortedError, when it ends."""
        with self._changed:
            self._waiting[connection_id] += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._over or connection_id in self._ended)
            self._waiting[connection_id] -= 1
        raise ConnectionAbortedError("no answer came")

    def begins_within(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._waiting.total() > 0, seconds)

    def end(self, connection_id: str | None = None) -> None:
        """Of one connection, or, where none is named, of all, for good."""
        with self._changed:
            self._over = self._over or connection_id is None
            self._ended.update([connection_id] if connection_id else [])
            self._changed.notify_all()


class _FaultySession(TenantSession):
    """Tells of an answer that never came as every session does."""

    def invoke(self, calls: Iterable[Call]) -> Iterator[tuple[Call, Answer]]:
        for call in calls:
            try:
                answer = self._answer(call)
            except ConnectionAbortedError as cause:
                raise SessionLost(str(cause), (call,)) from cause
            yield call, answer
