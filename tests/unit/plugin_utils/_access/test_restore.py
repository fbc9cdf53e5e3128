# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows for a grant from what was written, what became of it, what was before, and what there is now."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import (
    Finding,
    Observed,
    Outcome,
    State,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.plan import Verb
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.restore import (
    Move,
    Target,
    may_still_change,
    plan_back,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.entries import Place, WriteState
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._journal.history import RecordedRun

from .journals import DONE, IN_DOUBT, NO_EFFECT, OLD_SID, REFUSED, SID, found, run, targets, write
from .samples import UNREAD

MINE = {
    Right.SEND_AS: Place(SID),
    Right.FULL_ACCESS: Place(SID, "Children"),
    Right.SEND_ON_BEHALF: Place(""),
}
NOW = ("held", "not held", "held and denied", "denied", "unread")
GRANT, REVOKE = Verb.GRANT, Verb.REVOKE


def seen(right: Right, now: str) -> Observed:
    if now == "unread":
        return UNREAD
    places = [MINE[right]] if now.startswith("held") else []
    return found(right, *places, denied="denied" in now)


def written(verb: Verb, right: Right, state: WriteState, before: str) -> RecordedRun:
    entries = [MINE[right]] if before == "held" and right is not Right.SEND_ON_BEHALF else []
    inheritance = MINE[right].inheritance_type
    return run("r", write(verb, right, state, entries, inheritance=inheritance, held=before == "held"))


def told(target: Target, observed: Observed) -> str:
    """What follows, in a word."""
    (one,) = plan_back(target, observed)
    return one.outcome.value if isinstance(one, Finding) else one.step.verb.value


#: Verb and what is now → what follows, where the write changed something, or may have.
CELLS = {
    (GRANT, "held"): "revoke",
    (GRANT, "not held"): "compliant",
    (GRANT, "held and denied"): "denied",
    (GRANT, "denied"): "compliant",
    (GRANT, "unread"): "unknown",
    (REVOKE, "held"): "compliant",
    (REVOKE, "not held"): "grant",
    (REVOKE, "held and denied"): "denied",
    (REVOKE, "denied"): "denied",
    (REVOKE, "unread"): "unknown",
}


@pytest.mark.parametrize("right", list(Right))
@pytest.mark.parametrize("state", list(WriteState))
@pytest.mark.parametrize("before", ["held", "not held"])
@pytest.mark.parametrize("verb", list(Verb))
def test_every_cell(verb: Verb, before: str, state: WriteState, right: Right) -> None:
    """Of what was written, what became of it, what was before, and what there is now."""
    made = targets(written(verb, right, state, before))
    changed = state in (DONE, IN_DOUBT) and (before == "held") is (verb is REVOKE)
    if not changed:
        assert made == [], "there is nothing to undo, whatever is there now"
        return
    (target,) = made
    assert {now: told(target, seen(right, now)) for now in NOW} == {now: CELLS[verb, now] for now in NOW}
    assert target.want.state is (State.ABSENT if verb is GRANT else State.PRESENT)


@pytest.mark.parametrize("right", list(Right))
@pytest.mark.parametrize("state", [DONE, IN_DOUBT])
@pytest.mark.parametrize("verb", list(Verb))
def test_it_is_looked_again_only_where_waiting_may_show_more(verb: Verb, state: WriteState, right: Right) -> None:
    (target,) = targets(written(verb, right, state, "held" if verb is REVOKE else "not held"))
    as_left, as_before = ("held", "not held") if verb is GRANT else ("not held", "held")
    assert not may_still_change(target, seen(right, as_left))
    assert may_still_change(target, seen(right, as_before)), "the write may not show yet"
    assert not may_still_change(target, UNREAD)


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (DONE, "the run granted it, and it is not there now: somebody changed it back, or the directory does not"),
        (IN_DOUBT, "it is not known whether the run granted it, and it is not there"),
    ],
)
def test_what_is_as_before_without_our_doing_is_said(state: WriteState, says: str) -> None:
    (target,) = targets(written(GRANT, Right.SEND_AS, state, "not held"))
    (row,) = plan_back(target, found(Right.SEND_AS))
    assert isinstance(row, Finding)
    assert row.notes[0].startswith(says)


def test_exactly_what_was_is_undone() -> None:
    (target,) = targets(written(GRANT, Right.FULL_ACCESS, DONE, "not held"))
    (back,) = plan_back(target, found(Right.FULL_ACCESS, Place(SID, "Children")))
    assert isinstance(back, Move)
    assert [one.inheritance_type for one in back.step.facts.entries] == ["Children"]
    (target,) = targets(written(REVOKE, Right.FULL_ACCESS, DONE, "held"))
    (back,) = plan_back(target, found(Right.FULL_ACCESS))
    assert isinstance(back, Move)
    assert back.inheritance == "Children"
    assert back.step.want.notes == ("AutoMapping cannot be read, so it is not known whether it was on: it is off now",)


ALL, CHILDREN = Place(SID, "All"), Place(SID, "Children")


def both_revoked(first: WriteState = DONE, second: WriteState | None = DONE) -> RecordedRun:
    """A run that takes two entries of the same account; the second write may not have been reached."""
    states = {"All": first, "Children": second}
    writes = [
        write(REVOKE, Right.FULL_ACCESS, state, [ALL, CHILDREN], inheritance=inheritance)
        for inheritance, state in states.items()
        if state is not None
    ]
    return run("r", *writes)


@pytest.mark.parametrize(
    ("made", "now", "inheritances"),
    [
        (both_revoked(), (), ["All", "Children"]),
        (both_revoked(DONE, IN_DOUBT), (CHILDREN,), ["All"]),
        (both_revoked(DONE, None), (CHILDREN,), ["All"]),
        (both_revoked(DONE, REFUSED), (CHILDREN,), ["All"]),
        (both_revoked(NO_EFFECT, DONE), (ALL,), ["Children"]),
    ],
)
def test_of_several_entries_those_are_given_back_that_are_gone(
    made: RecordedRun, now: tuple[Place, ...], inheritances: list[str]
) -> None:
    (target,) = targets(made)
    moves = plan_back(target, found(Right.FULL_ACCESS, *now))
    assert [one.inheritance for one in moves if isinstance(one, Move)] == inheritances


GRANTED = written(GRANT, Right.FULL_ACCESS, DONE, "not held")


@pytest.mark.parametrize(
    ("made", "now", "says"),
    [
        (GRANTED, (CHILDREN, ALL), f"an entry of {SID} with InheritanceType All is there"),
        (GRANTED, (ALL,), "with InheritanceType All is there"),
        (written(REVOKE, Right.FULL_ACCESS, DONE, "held"), (ALL,), "with InheritanceType All is there"),
        (both_revoked(DONE, None), (), "with InheritanceType Children is gone"),
        (
            written(GRANT, Right.SEND_AS, DONE, "not held"),
            (Place(SID), Place(OLD_SID)),
            f"an entry of {OLD_SID} is there",
        ),
    ],
)
def test_what_somebody_else_changed_is_told_and_left(made: RecordedRun, now: tuple[Place, ...], says: str) -> None:
    (target,) = targets(made)
    account = replace(target.grant.principal, sids=(SID, OLD_SID))
    target = replace(target, grant=replace(target.grant, principal=account))
    (row,) = plan_back(target, found(target.grant.right, *now))
    assert isinstance(row, Finding)
    assert row.outcome is Outcome.AMBIGUOUS
    assert says in row.cause
    assert row.cause.endswith("; it was left as it is")


RIGHT = Right.SEND_AS
HELD, GONE = found(RIGHT, Place(SID)), found(RIGHT)


def later(verb: Verb, state: WriteState = DONE, of: str = "", name: str = "s") -> RecordedRun:
    return run(name, write(verb, RIGHT, state, [Place(SID)] if verb is REVOKE else []), of=of)


FIRST = run("r", write(GRANT, RIGHT))


@pytest.mark.parametrize(
    ("runs", "when_held", "when_not"),
    [
        ((later(REVOKE, of="r"),), "ambiguous", "compliant"),
        ((later(REVOKE, IN_DOUBT, of="r"),), "revoke", "compliant"),
        ((later(REVOKE, REFUSED, of="r"),), "revoke", "compliant"),
        ((later(REVOKE, of="r"), later(GRANT, of="s", name="t")), "revoke", "compliant"),
        ((later(REVOKE, of="r"), later(GRANT, name="t")), "ambiguous", "compliant"),
        ((later(REVOKE),), "ambiguous", "compliant"),
        ((later(GRANT),), "ambiguous", "compliant"),
        ((later(GRANT, NO_EFFECT),), "revoke", "compliant"),
    ],
)
def test_later_runs_of_the_journal_count(runs: tuple[RecordedRun, ...], when_held: str, when_not: str) -> None:
    (target,) = targets(FIRST, *runs)
    assert (told(target, HELD), told(target, GONE)) == (when_held, when_not)


def test_what_was_put_back_already_needs_no_waiting_and_no_note() -> None:
    (target,) = targets(FIRST, later(REVOKE, of="r"))
    assert not may_still_change(target, GONE)
    assert may_still_change(target, HELD), "the taking back may not show yet"
    (row,) = plan_back(target, GONE)
    assert isinstance(row, Finding)
    assert row.notes == ()


def test_what_stood_under_an_earlier_sid_comes_back_under_the_present_one() -> None:
    taken = run("r", write(REVOKE, RIGHT, before=[Place(OLD_SID)], trustee=OLD_SID))
    given = run("s", write(GRANT, RIGHT), of="r")
    (target,) = targets(taken)
    (back,) = plan_back(target, GONE)
    assert isinstance(back, Move)
    assert f"stood under {OLD_SID}, an earlier SID of the account" in back.step.want.notes[0]
    (target,) = targets(taken, given)
    assert told(target, HELD) == "compliant"
    assert not may_still_change(target, HELD)


def test_an_account_that_cannot_hold_it_any_more_is_not_granted_anything() -> None:
    (target,) = targets(later(REVOKE))
    disabled = replace(target.grant.principal, kind="User")
    target = replace(target, grant=replace(target.grant, principal=disabled))
    assert told(target, GONE) == "unsupported"
    (target,) = targets(FIRST)
    assert told(replace(target, grant=replace(target.grant, principal=disabled)), HELD) == "revoke"


def test_a_deny_that_stood_before_the_run_is_as_before() -> None:
    (target,) = targets(run("r", write(REVOKE, RIGHT, before=[Place(SID)], denied=True)))
    assert told(target, found(RIGHT, Place(SID), denied=True)) == "compliant"
    assert told(target, found(RIGHT, denied=True)) == "denied"
