# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies at a run's gate: what they refuse is told in full, and keeps the run from every write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .._access.gate import Decided
from .._access.model import Stop
from .._exchange.failures import Failure, FailureClass
from .._wording import counted
from .asked import asked_for
from .document import Policy
from .judge import Judge

#: A message holds no more refusals than a person reads.
_SHOWN = 3


class PolicyGate:
    """Asks every policy. ``refusals``: what they refused when they were asked last."""

    def __init__(self, policies: Iterable[Policy]) -> None:
        self._policies = tuple(policies)
        self.refusals: tuple[str, ...] = ()

    def why_not(self, decided: Decided) -> Stop | None:
        asked = list(asked_for(decided)) if self._policies else []
        found = (one for policy in self._policies for one in Judge(policy).refusals(asked))
        self.refusals = tuple(dict.fromkeys(found))
        if not self.refusals:
            return None
        many = counted(len(self.refusals), "thing is", "things are")
        left = len(self.refusals) - _SHOWN
        more = f"; and {left} more (refusals)" if left > 0 else ""
        why = f"{many} refused by policy, so nothing was written"
        shown = "; ".join(self.refusals[:_SHOWN])
        return Stop(
            f"{why}: {shown}{more}", Failure(FailureClass.POLICY), briefly=f"{why}: the message of the run says what"
        )


class StepsOnly:
    """For a run that is asked for no grants but for undoing others: what it cannot undo is asked for by nobody."""

    def __init__(self, gate: PolicyGate) -> None:
        self._gate = gate

    def why_not(self, decided: Decided) -> Stop | None:
        return self._gate.why_not(replace(decided, rest=()))
