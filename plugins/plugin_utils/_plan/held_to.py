# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is held to a plan: it stops before its first write where anything is otherwise than the plan says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from .._access.gate import Decided
from .._access.model import Outcome, Stop, Unknown
from .._exchange.failures import Failure, FailureClass
from .._wording import counted, counted_noun, option
from .compare import compare, is_done, is_unread
from .document import Plan
from .hashes import SHORT
from .rows import rows_of
from .words import differences

#: The clocks of two machines may differ by so much.
_CLOCKS = timedelta(minutes=5)


@dataclass(frozen=True)
class Judgement:
    """``differences``: in words, what is otherwise than the plan says. ``done``: nothing is left to do, and all that
    is otherwise is that planned writes are done; then there are no differences. ``may_pass``: all of them are that
    something could not be read, which it may be another time; then no new plan is called for."""

    differences: tuple[str, ...] = ()
    done: bool = False
    may_pass: bool = False


class HeldTo:
    """The gate of a run that applies a plan. ``name``: of the file. ``settings``: of the run, as in a plan."""

    def __init__(self, plan: Plan, name: str, settings: Mapping[str, bool], clock: datetime) -> None:
        self.plan = plan
        self.name = name
        self._settings = settings
        self._clock = clock
        self._judged: tuple[Decided, Judgement] | None = None

    @property
    def title(self) -> str:
        """What people compare with what they approved."""
        return f"plan {self.name} (digest {self.plan['hashes']['plan'][:SHORT]})"

    @property
    def age(self) -> timedelta:
        return age_of(self.plan, self._clock)

    def judge(self, decided: Decided) -> Judgement:
        """What a run decided held against the plan; of the last one it is known already."""
        if self._judged is None or self._judged[0] is not decided:
            self._judged = (decided, self._judgement(decided))
        return self._judged[1]

    def why_not(self, decided: Decided) -> Stop | None:
        judged = self.judge(decided)
        if not judged.differences:
            return None
        many = counted(len(judged.differences), "thing is", "things are")
        why = f"nothing was written, for {many} otherwise than in the {self.title} of {self.plan['created']}"
        failure = Failure(FailureClass.PLAN, retry_safe=judged.may_pass)
        return Stop(why, failure, briefly="nothing was written, for the plan does not hold: see the message of the run")

    def _judgement(self, decided: Decided) -> Judgement:
        now = rows_of(decided)
        pairs = compare(self.plan["rows"], now)
        has_same_settings = self.plan["settings"] == self._settings
        if has_same_settings and is_done(pairs, now):
            return Judgement(done=True)
        return Judgement(
            tuple(differences(pairs, self.plan["settings"], self._settings, self._clock)),
            may_pass=has_same_settings and is_unread(pairs) and _may_be_read(decided),
        )


def _may_be_read(decided: Decided) -> bool:
    """Whether all that could not be read may be, another time."""
    unread = [seen.may_pass for seen in decided.observed.values() if isinstance(seen, Unknown)]
    return all(unread) and all(one.may_pass for one in decided.rest if one.outcome is Outcome.UNKNOWN)


def age_of(plan: Plan, clock: datetime) -> timedelta:
    """Since the run began that made it: what it saw is no older. Never below zero."""
    return max(clock - _created(plan), timedelta(0))


def why_unfit(plan: Plan, organization: str, rehearsal: bool, max_age: int, clock: datetime) -> str:
    """Why a plan cannot be applied by a run on this organisation, and what to do, or empty. ``max_age``: in hours."""
    made = plan["created"]
    if plan["rehearsal"] != rehearsal:
        words = {True: "on a snapshot", False: "on the organisation itself"}
        return f"it was made {words[plan['rehearsal']]}, and this run is {words[rehearsal]}: make a plan of its own"
    if plan["organization"].casefold() != organization.casefold():
        return f"it is of organization {plan['organization']!r}, and this run of {organization!r}"
    if _created(plan) - clock > _CLOCKS:
        return f"it is from the future ({made}): set the clocks right, and make a new plan"
    if age_of(plan, clock) / timedelta(hours=1) > max_age:
        limit = f"{counted_noun(max_age, 'hour')} that {option('plan_max_age')} allows"
        return f"it is of {made}, which is longer ago than the {limit}: make a new plan"
    return ""


def _created(plan: Plan) -> datetime:
    return datetime.strptime(plan["created"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
