# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what is wanted and what is known to what has to be done: the decisions of design section 4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Union

from .model import Facts, Finding, Grant, Observed, Outcome, State, Unknown, Want


class Verb(str, Enum):
    """What a step does."""

    GRANT = "grant"
    REVOKE = "revoke"


@dataclass(frozen=True)
class Step:
    """A write that is called for, and the facts that call for it."""

    want: Want
    verb: Verb
    facts: Facts


@dataclass(frozen=True)
class Plan:
    """What needs no write, and the writes that are needed."""

    findings: tuple[Finding, ...]
    steps: tuple[Step, ...]


def plan(wants: Iterable[Want], observed: Mapping[Grant, Observed]) -> Plan:
    """Decides each want on its own; an unknown state never leads to a write (design rule 1)."""
    decided = [decide(want, observed[want.grant]) for want in wants]
    return Plan(
        findings=tuple(one for one in decided if isinstance(one, Finding)),
        steps=tuple(one for one in decided if isinstance(one, Step)),
    )


def decide(want: Want, seen: Observed) -> Union[Finding, Step]:
    """What follows from one observation."""
    if isinstance(seen, Unknown):
        step = "mend the cause and run it again: nothing was written over a state that could not be read"
        return finding_of(want, Outcome.UNKNOWN, seen, seen.reason, step)
    if want.state is State.PRESENT:
        return _decide_present(want, seen)
    return _decide_absent(want, seen)


def _decide_present(want: Want, seen: Facts) -> Union[Finding, Step]:
    if seen.denied:
        return denied(want, seen)
    return finding_of(want, Outcome.COMPLIANT, seen) if seen.allowed else Step(want, Verb.GRANT, seen)


def denied(want: Want, seen: Observed) -> Finding:
    """A Deny beats what is wanted, and is never overwritten (design rule 5)."""
    cause = f"an entry of the access list denies {want.account} {want.grant.right.wording}, which beats any Allow"
    return finding_of(want, Outcome.DENIED, seen, cause, "find out who set the Deny and why; remove it by hand")


def _decide_absent(want: Want, seen: Facts) -> Union[Finding, Step]:
    return Step(want, Verb.REVOKE, seen) if seen.allowed else finding_of(want, Outcome.COMPLIANT, seen)


def left_undone(step: Step, cause: str = "", next_step: str = "") -> Finding:
    """Drift that is not mended: in check mode, or because the run stopped before it."""
    outcome = Outcome.MISSING if step.verb is Verb.GRANT else Outcome.UNWANTED
    return finding_of(step.want, outcome, step.facts, cause, next_step)


def finding_of(want: Want, outcome: Outcome, seen: Observed, cause: str = "", next_step: str = "") -> Finding:
    return Finding(
        host=want.host,
        address=want.grant.mailbox.address,
        account=want.account,
        right=want.grant.right,
        state=want.state,
        outcome=outcome,
        before=seen.before,
        cause=cause,
        next_step=next_step,
        notes=want.notes + _notes_on(seen),
        term=want.term,
        may_pass=seen.may_pass if isinstance(seen, Unknown) else True,
    )


def _notes_on(seen: Observed) -> tuple[str, ...]:
    if not isinstance(seen, Facts):
        return ()
    notes = []
    if seen.inherited:
        notes.append("an inherited entry gives the right, too: it was left alone")
    if seen.denied:
        notes.append("a Deny stands")
    if seen.doubt:
        notes.append(seen.doubt)
    return tuple(notes)
