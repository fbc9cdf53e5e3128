# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a run once it is over: all that the checks look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...plugins.plugin_utils._tenant.access import EMPTY, AccessList
from ..simulator import faults as exchange
from ..simulator.effects import Effect
from ..simulator.wsman import injection as host
from ..simulator.wsman.schedule import is_transient
from .scenario import Scenario
from .witness import Heard

#: Of a session, from which on a call may be given up.
LOSSES = 2


@dataclass(frozen=True)
class Evidence:
    """``before``, ``after``: the books. ``result``: of the task, None where the client was killed before it had one.
    ``status``: exit status, negative for a signal, None where it did not end by itself. ``left``: processes and shells
    that are still there. ``left_open``: sign-ins without sign-out. ``secrets``: what nobody may read."""

    scenario: Scenario
    calls: tuple[Heard, ...]
    before: Mapping[str, AccessList]
    after: Mapping[str, AccessList]
    result: Mapping[str, Any] | None
    status: int | None
    output: str
    journal: bytes
    journal_mode: int
    strikes: tuple[exchange.Strike, ...]
    fired: tuple[host.Fault, ...]
    killed: bool
    left: tuple[str, ...]
    left_open: int
    secrets: tuple[str, ...]
    seconds: float

    @property
    def writes(self) -> tuple[Heard, ...]:
        return tuple(each for each in self.calls if each.writes)

    @property
    def rows(self) -> list[Mapping[str, Any]]:
        return list((self.result or {}).get("grants") or ())

    @property
    def struck(self) -> tuple[str, ...]:
        """The kinds of the faults that struck."""
        return (*(strike.fault.kind for strike in self.strikes), *(kind_of(fault) for fault in self.fired))

    @property
    def is_within_budget(self) -> bool:
        """Whether all that struck passes within what a client waits and tries.

        What it works on when it loses a session for the second time it gives up (_exchange/enduring.py), and what was
        not answered in time it does not ask again.
        """
        by_exchange = [strike for strike in self.strikes if strike.fault.ends_session or strike.fault.effect.silent]
        by_host = [fault for fault in self.fired if not is_transient(fault)]
        unheard = any(strike.fault.effect is Effect.SILENT for strike in self.strikes)
        return self.scenario.must_end_well and not unheard and len(by_exchange) + len(by_host) < LOSSES

    def books(self, guid: str, late: bool) -> AccessList:
        return (self.after if late else self.before).get(guid, EMPTY)


def kind_of(fault: host.Fault) -> str:
    """What a fault of the host is called in the table."""
    detail = getattr(fault.kind, "status", getattr(fault.kind, "code", ""))
    name = type(fault.kind).__name__
    return f"winrm {name}{f' {int(detail)}' if detail else ''}"
