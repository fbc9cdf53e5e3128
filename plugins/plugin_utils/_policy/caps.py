# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The caps of policies, as brakes beside those of the task: each of them holds, so the lowest does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .._access.brakes import Brakes
from .._access.plan import Step, Verb
from .._wording import counted, counted_noun
from .document import Policy

_NAMES = {Verb.GRANT: "grant", Verb.REVOKE: "revocation"}


@dataclass(frozen=True)
class CappedBrakes(Brakes):
    """The limits of the task, and the caps of policies."""

    policies: tuple[Policy, ...] = ()

    @property
    def whose(self) -> str:
        """Which limit held is said with it."""
        has_caps = any(policy.caps for policy in self.policies)
        return " (that of a policy is for its owner to raise)" if has_caps else super().whose

    def why_not(self, steps: Iterable[Step], mailboxes: int) -> str:
        planned = tuple(steps)
        return "; ".join(filter(None, (super().why_not(planned, mailboxes), *self._excesses(planned))))

    def _excesses(self, planned: tuple[Step, ...]) -> Iterator[str]:
        for policy in self.policies:
            for cap in policy.caps:
                number = sum(step.verb is cap.verb for step in planned)
                if number > cap.most.number:
                    place = policy.at(cap.most.line)
                    called = counted(number, "write is", "writes are")
                    allowed = counted_noun(cap.most.number, _NAMES[cap.verb])
                    yield f"{called} called for where the policy {place} allows {allowed}"


def capped(brakes: Brakes, policies: Iterable[Policy]) -> CappedBrakes:
    """The limits of a task under policies."""
    return CappedBrakes(brakes.grants, brakes.revocations, tuple(policies))
