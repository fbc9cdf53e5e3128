# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brakes: how many writes a run may make at most, checked before the first one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .._wording import counted, counted_noun, option
from .model import Finding
from .plan import Step, Verb, left_undone

_PERCENT = re.compile(r"(\d{1,3})\s*%")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Limit:
    """At most so many writes of a kind. ``text``: a number, or a per cent of the selected mailboxes."""

    text: str

    def __post_init__(self) -> None:
        """Raises ValueError for a text that is neither."""
        if not (_NUMBER.fullmatch(self.text) or self._percent() is not None):
            raise ValueError(f"{self.text!r} is neither a number nor a per cent of the mailboxes, such as 5%")

    def of(self, mailboxes: int) -> int:
        """The number that it comes to; a part of a mailbox is none."""
        percent = self._percent()
        return int(self.text) if percent is None else mailboxes * percent // 100

    def _percent(self) -> int | None:
        found = _PERCENT.fullmatch(self.text)
        return int(found.group(1)) if found and int(found.group(1)) <= 100 else None


@dataclass(frozen=True)
class Brakes:
    """None: no limit."""

    grants: Limit | None = None
    revocations: Limit | None = None

    @property
    def whose(self) -> str:
        """What is to be said of who can raise a limit, if that is not whoever runs the task."""
        return ""

    def why_not(self, steps: Iterable[Step], mailboxes: int) -> str:
        """Empty where all steps may be done, else which limit they exceed; then none of them is done."""
        planned = [step.verb for step in steps]
        reasons = [
            _excess(name, limit, planned.count(verb), mailboxes)
            for name, limit, verb in (
                ("max_grants", self.grants, Verb.GRANT),
                ("max_revocations", self.revocations, Verb.REVOKE),
            )
        ]
        return "; ".join(reason for reason in reasons if reason)


def left_by(brakes: Brakes, brake: str, step: Step, check_mode: bool) -> Finding:
    """Drift that is left. ``brake``: what ``why_not`` said; check mode would have left it without one, too. Where a
    playbook sets it, as audit does, nobody typed --check: so it speaks of the run."""
    if check_mode:
        first = f"raise the limit that would hold it back{brakes.whose}; " if brake else ""
        return left_undone(step, next_step=f"{first}this run only looks, and one without check mode changes that")
    next_step = f"look at the plan with --check; raise the limit{brakes.whose}"
    return left_undone(step, f"brake: {brake}; nothing was written", next_step)


def _excess(name: str, limit: Limit | None, planned: int, mailboxes: int) -> str:
    if limit is None or planned <= limit.of(mailboxes):
        return ""
    allowed = limit.of(mailboxes)
    share = f" ({limit.text} of {counted_noun(mailboxes, 'mailbox')})" if limit.text != str(allowed) else ""
    return f"{counted(planned, 'write is', 'writes are')} called for where {option(name)} allows {allowed}{share}"
