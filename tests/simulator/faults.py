# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trouble over a tenant, by a schedule: errors before and after the deed, lost sessions, and writes that were none."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Union, cast

from ...plugins.plugin_utils._exchange.session import Answer, CmdletError, Parameter
from ...plugins.plugin_utils._tenant import errors
from ...plugins.plugin_utils._tenant.organisation import Organisation
from ...plugins.plugin_utils._tenant.session import TenantSession
from ...plugins.plugin_utils._tenant.tenant import Connection, Tenant, TenantError
from .latency import Latency


class Trouble(Enum):
    """HTTP status, code, .NET type and text of an error that may come; status 0: from the way to the service.

    In the order of exchange facts E13, E13, E16, E12, E19, E22, E21.
    """

    THROTTLED = (429, "Ex429000", "Microsoft.Exchange.Data.ThrottlingErrorException", "Too many requests.")
    THROTTLED_WITH_HINT = (
        429, "Ex429000", "Microsoft.Exchange.Data.ThrottlingErrorException",
        "Too many requests. Retry after 60 seconds.",
    )  # fmt: skip
    DIRECTORY = (
        503, "Ex503000", "Microsoft.Exchange.Data.Directory.ADTransientException", "The LDAP server is unavailable.",
    )  # fmt: skip
    REPLICATION = (
        404, "Ex4215D1", "Microsoft.Exchange.Data.Directory.ADObjectUnreadException",
        "The object couldn't be read from domain controller 'DC01'. This may be due to replication delays.",
    )  # fmt: skip
    SERVER_SIDE = (
        403, "", "System.InvalidOperationException",
        "A server side error has occurred because of which the operation could not be completed. Please try again.",
    )  # fmt: skip
    SESSION_LOST = (
        401, "", "System.InvalidOperationException",
        "Required resource is not available to continue execution. Please re-establish the connection.",
    )  # fmt: skip
    TIMED_OUT = (
        0, "", "System.Threading.Tasks.TaskCanceledException",
        "The request was canceled due to the configured HttpClient.Timeout of 960 seconds elapsing.",
    )  # fmt: skip

    def error_of(self, cmdlet: str) -> CmdletError:
        """The error as that cmdlet reports it (exchange facts 5.1)."""
        status, code, kind, text = self.value
        if not status:
            return errors.engine(kind, text, "NotSpecified", f"{kind},{cmdlet}").error
        if errors.is_native(cmdlet):
            return errors.rest(status, code or "Error", text, cmdlet).error
        return errors.proxy(code, kind, text).error


class Effect(Enum):
    """What becomes of the call that a fault hits."""

    REFUSED = "not carried out, answered with the error"
    DONE_YET_FAILED = "carried out, answered with the error"
    PRETENDED = "not carried out, answered as a success without rows"


@dataclass(frozen=True)
class Fault:
    """Hits the calls of ``cmdlet`` (on ``identity``, if given) from the ``first`` of them on, ``times`` in a row."""

    cmdlet: str
    error: Union[Trouble, CmdletError] = Trouble.SERVER_SIDE
    effect: Effect = Effect.REFUSED
    first: int = 1
    times: int = 1
    identity: str = ""

    def concerns(self, cmdlet: str, parameters: Mapping[str, Parameter]) -> bool:
        on = str(parameters.get("Identity", "")).casefold()
        return self.cmdlet == cmdlet and self.identity.casefold() in ("", on)

    def is_due(self, seen: int) -> bool:
        """Whether it strikes the call of that number among those that concern it."""
        return self.first <= seen < self.first + self.times

    def as_error(self) -> CmdletError:
        return self.error.error_of(self.cmdlet) if isinstance(self.error, Trouble) else self.error


class FaultyTenant:
    """A tenant with latency and faults over it; ``hits`` are the faults that struck, in order."""

    def __init__(self, tenant: Tenant, *, latency: Latency | None = None, faults: tuple[Fault, ...] = ()) -> None:
        self.hits: list[Fault] = []
        self._tenant = tenant
        self._latency = latency
        self._faults = faults
        self._seen: Counter[int] = Counter()
        self._lost: set[str] = set()
        self._lock = threading.Lock()

    def connect(self, sign_in: Mapping[str, object]) -> Connection:
        """Sign in; a fault of Connect-ExchangeOnline is raised as a TenantError."""
        fault = self._await("Connect-ExchangeOnline", {})
        if fault is not None:
            raise TenantError(fault.as_error())
        return self._tenant.connect(sign_in)

    def invoke(self, connection_id: str, cmdlet: str, parameters: Mapping[str, Parameter]) -> Answer:
        """Run a cmdlet, or what the schedule makes of it. A lost session stays lost (exchange facts E22)."""
        fault = self._await(cmdlet, parameters)
        if connection_id in self._lost:
            return Answer(error=Trouble.SESSION_LOST.error_of(cmdlet))
        if fault is None:
            return self._tenant.invoke(connection_id, cmdlet, parameters)
        if fault.error is Trouble.SESSION_LOST:
            self._lost.add(connection_id)
        if fault.effect is Effect.PRETENDED:
            return Answer()
        if fault.effect is Effect.DONE_YET_FAILED:
            self._tenant.invoke(connection_id, cmdlet, parameters)
        return Answer(error=fault.as_error())

    def disconnect(self, connection_id: str) -> None:
        self._tenant.disconnect(connection_id)

    @property
    def organisation(self) -> Organisation:
        return self._tenant.organisation

    def session(self, sign_in: Mapping[str, object], read_only: bool = False) -> TenantSession:
        """Sign in with a session in this process, whose calls go through the trouble, too. Raises TenantError."""
        return TenantSession(cast(Tenant, self), self.connect(sign_in).connection_id, read_only)

    def _await(self, cmdlet: str, parameters: Mapping[str, Parameter]) -> Fault | None:
        """The time that the call takes, and the fault that strikes it."""
        if self._latency is not None:
            self._latency.pause(cmdlet, parameters)
        with self._lock:
            due = [fault for fault, seen in self._counted(cmdlet, parameters) if fault.is_due(seen)][:1]
            self.hits += due
        return due[0] if due else None

    def _counted(self, cmdlet: str, parameters: Mapping[str, Parameter]) -> list[tuple[Fault, int]]:
        """The faults that concern a call, each with how many such calls there have been, this one included."""
        concerned = [number for number, fault in enumerate(self._faults) if fault.concerns(cmdlet, parameters)]
        self._seen.update(concerned)
        return [(self._faults[number], self._seen[number]) for number in concerned]
