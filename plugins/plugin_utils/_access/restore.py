# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be done to undo a run: only what still is as the run left it; whatever else is found is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Union

from .._exchange.identities import Principal
from .._exchange.rights import AccessEntry, Right
from .._journal.effects import DELEGATE, Touch, Trace, normal
from .._journal.entries import Place
from .model import Facts, Finding, Grant, Observed, Outcome, State, Unknown, Want
from .plan import Step, Verb, finding_of

_BY_HAND = "look at it, and change it by hand if it is not meant to be so"
_AUTO_MAPPING = "AutoMapping cannot be read, so it is not known whether it was on: it is off now"


@dataclass(frozen=True)
class Target:
    """A grant that a run may have changed, with the mailbox and the account as they are now."""

    trace: Trace
    grant: Grant

    @property
    def want(self) -> Want:
        """As it was before the run."""
        state = State.ABSENT if self.trace.granted else State.PRESENT
        return Want(self.trace.mailbox.address, self.grant, state, self.grant.principal.label)

    def entries(self, seen: Facts) -> frozenset[Place]:
        """What gives the right now, as the journal speaks of it."""
        if self.grant.right is Right.SEND_ON_BEHALF:
            return frozenset([DELEGATE] if seen.allowed else [])
        return frozenset(map(self.place_of, seen.entries))

    def place_of(self, entry: AccessEntry) -> Place:
        """An entry of the access list as the journal speaks of it."""
        return normal(Place(entry.sid, entry.inheritance_type), self.grant.right, self.grant.principal.sids[0])


@dataclass(frozen=True)
class Move:
    """A step back. ``inheritance``: the InheritanceType that the entry had."""

    target: Target
    step: Step
    inheritance: str = "All"


def may_still_change(target: Target, seen: Observed) -> bool:
    """Whether waiting may show more: the journal says otherwise than the read, or does not know."""
    if not isinstance(seen, Facts):
        return False
    now = target.entries(seen)
    return any(
        touch.undone_for_certain if _is_as_left(touch, now) else not touch.undone for touch in target.trace.touches
    )


def _is_as_left(touch: Touch, now: frozenset[Place]) -> bool:
    return bool(touch.stands & now) is touch.left


def plan_back(target: Target, seen: Observed) -> tuple[Union[Finding, Move], ...]:
    """What follows for one grant, once waiting would show nothing more."""
    if isinstance(seen, Unknown):
        step = "mend the cause and restore again: nothing was written over a state that could not be read"
        return (finding_of(target.want, Outcome.UNKNOWN, seen, seen.reason, step),)
    now = target.entries(seen)
    todo = [touch for touch in target.trace.touches if _is_as_left(touch, now)]
    why_not = _why_not(target, seen, now, todo)
    if why_not:
        return (why_not,)
    if not todo:
        return (_as_before(target, seen),)
    return tuple(_moves(target, seen, todo))


def _why_not(target: Target, seen: Facts, now: frozenset[Place], todo: Iterable[Touch]) -> Finding | None:
    """The row for what somebody else has changed, which is left as it is; None for what may be undone."""
    trace, want = target.trace, target.want
    strange = (now - trace.before - trace.places) | (trace.before - trace.places - now)
    again = [touch for touch in todo if touch.undone_for_certain]
    rivals = [touch.rival for touch in todo if touch.rival]
    if len({touch.left for touch in trace.touches}) > 1:
        return _left(want, seen, "the run both gave and took it", _BY_HAND)
    if strange:
        return _left(want, seen, f"somebody changed it since: {_in_words(strange, now)}", _BY_HAND)
    if again:
        verb = "granted" if trace.granted else "revoked"
        return _left(want, seen, f"it was put back already, and {verb} again since by somebody else", _BY_HAND)
    if rivals:
        return _left(want, seen, f"run {rivals[0]} wrote the same later", "restore that run first, if it is not wanted")
    if seen.denied and (todo or not (trace.granted or trace.denied)):
        since = "stands" if trace.denied else "was set since"
        cause = f"an entry that denies the right {since}; nothing was done about it"
        return finding_of(want, Outcome.DENIED, seen, cause, "find out who set it and why; then restore again")
    reason = None if trace.granted or not todo else _why_it_cannot_hold(target.grant)
    if reason:
        return finding_of(want, Outcome.UNSUPPORTED, seen, f"the account {reason}", _BY_HAND)
    return None


def _why_it_cannot_hold(grant: Grant) -> str | None:
    """Of delegates, who need no account, only Exchange knows."""
    return None if grant.right is Right.SEND_ON_BEHALF else grant.principal.why_it_cannot_hold()


def _left(want: Want, seen: Facts, cause: str, next_step: str) -> Finding:
    return finding_of(want, Outcome.AMBIGUOUS, seen, f"{cause}; it was left as it is", next_step)


def _in_words(strange: Iterable[Place], now: frozenset[Place]) -> str:
    parts = []
    for place in sorted(strange, key=lambda one: (one.sid, one.inheritance_type)):
        kind = f" with InheritanceType {place.inheritance_type}" if place.inheritance_type else ""
        parts.append(f"an entry of {place.sid or 'it'}{kind} {'is there' if place in now else 'is gone'}")
    return ", ".join(parts)


def _as_before(target: Target, seen: Facts) -> Finding:
    """Nothing to undo: somebody did already, or the write of the run never took effect."""
    row = finding_of(target.want, Outcome.COMPLIANT, seen)
    open_ones = [touch for touch in target.trace.touches if not touch.undone]
    if not open_ones:
        return row
    verb, shown = ("granted", "not there") if target.trace.granted else ("revoked", "still there")
    note = (
        f"the run {verb} it, and it is {shown} now: somebody changed it back, or the directory does not show it yet"
        if any(touch.certain for touch in open_ones)
        else f"it is not known whether the run {verb} it, and it is {shown}"
    )
    return replace(row, notes=(*row.notes, note))


def _moves(target: Target, seen: Facts, todo: Iterable[Touch]) -> Iterable[Move]:
    want, right = target.want, target.grant.right
    if target.trace.granted:
        places = {touch.place for touch in todo}
        mine = tuple(one for one in seen.entries if target.place_of(one) in places)
        yield Move(target, Step(want, Verb.REVOKE, replace(seen, entries=mine)))
        return
    for inheritance in sorted({touch.place.inheritance_type or "All" for touch in todo}):
        of_type = [touch.place for touch in todo if (touch.place.inheritance_type or "All") == inheritance]
        notes = (*want.notes, *_notes(target.grant.principal, right, of_type))
        yield Move(target, Step(replace(want, notes=notes), Verb.GRANT, seen), inheritance)


def _notes(principal: Principal, right: Right, places: Iterable[Place]) -> Iterable[str]:
    earlier = [place.sid for place in places if place.sid and place.sid not in principal.sids[:1]]
    if earlier:
        yield f"the entry stood under {earlier[0]}, an earlier SID of the account, and stands under its present one now"
    if right is Right.FULL_ACCESS:
        yield _AUTO_MAPPING
