# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults in the middle of a run, and what it tells of itself held against the organisation's own books."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.apply import WRITE_TRIES
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import (
    WRITERS,
    Answer,
    Parameter,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._tenant.organisation import Organisation
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions

from .harness import Run
from .stage import Stage, contoso

#: The runner in Python: for faults that do not depend on who serves its protocol.
STAND_IN = HostOptions(pwsh=None)
#: Variables of the host where PowerShell runs, so that no fault takes long: seconds.
TIMES = {"ansible_winrm_operation_timeout_sec": 1, "ansible_winrm_read_timeout_sec": 3}
RIGHTS = ("send_as", "full_access", "send_on_behalf")
#: What the rows that are not as they should be may be; what the books say of them is for the test to know.
_UNSAID = ("unknown", "refused", "pending")

Held = frozenset[tuple[str, str]]


def boxes(count: int) -> tuple[str, ...]:
    """Addresses in the order in which a run goes through them."""
    return tuple(f"box{number:02}@contoso.com" for number in range(count))


def organisation(names: Iterable[str]) -> Organisation:
    return contoso(*({"address": name} for name in names))


def kill(processes: Iterable[int]) -> None:
    for pid in processes:
        os.kill(pid, signal.SIGKILL)


def at_writes(stage: Stage, acts: Mapping[int, Callable[[], object]]) -> None:
    """Something happens just before the write of that number, from 1 on, is done."""
    seen: list[str] = []

    def hook(cmdlet: str, _parameters: Mapping[str, Parameter]) -> Answer | None:
        if cmdlet in WRITERS:
            seen.append(cmdlet)
            act = acts.get(len(seen))
            if act is not None:
                act()
        return None

    stage.tenant.before_invoke = hook


def held(stage: Stage) -> Held:
    """What the account holds, by the organisation's own books: mailbox and right."""
    names = [each.address for each in stage.tenant.organisation.recipients if each.address]
    return frozenset((name, right) for name in names for right in RIGHTS if stage.holds(name, right))


def assert_true(stage: Stage, run: Run, before: Held) -> None:
    """Each row says what the books say, and no write was sent more often than it may be.

    ``before``: what was held before the run. A row that claims nothing (unknown, refused, pending) is the test's own
    to judge.
    """
    now = held(stage)
    for row in run.access["grants"]:
        key = (row["mailbox"], row["right"])
        if row["outcome"] not in _UNSAID:
            claimed = {"granted": (False, True), "compliant": (True, True), "missing": (False, False)}[row["outcome"]]
            assert claimed == (key in before, key in now), row
    written = Counter((stage.written_to(call), call.cmdlet) for call in stage.writes)
    assert max(written.values(), default=0) <= WRITE_TRIES
    assert sum(call.changed for call in stage.tenant.calls) == len(now ^ before), "something was done twice"


def said(run: Run) -> tuple[int, str, bool]:
    """What a pipeline decides by: exit status, failure_class, retry_safe."""
    return run.status, run.access["failure_class"], run.access["retry_safe"]


def only_sign_ins_are_left(stage: Stage, lost: int) -> bool:
    """Whether of so many PowerShells that died nothing is left but their sign-ins, which nobody could sign out."""
    return stage.left_behind() == sorted(stage.tenant.open) and len(stage.tenant.open) == lost
