# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from what is wanted and what is known: design section 4, decision by decision."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import (
    Facts,
    Finding,
    Observed,
    Outcome,
    State,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.plan import (
    Plan,
    Step,
    Verb,
    decide,
    left_undone,
    plan,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right

from .samples import DENIED, HELD, HELD_AND_DENIED, INHERITED, NOT_HELD, UNREAD, step, want

#: What is wanted, what is known, and what is decided.
DECISIONS: list[tuple[State, Observed, Outcome | Verb]] = [
    (State.PRESENT, HELD, Outcome.COMPLIANT),
    (State.PRESENT, NOT_HELD, Verb.GRANT),
    (State.PRESENT, INHERITED, Verb.GRANT),
    (State.PRESENT, DENIED, Outcome.DENIED),
    (State.PRESENT, HELD_AND_DENIED, Outcome.DENIED),
    (State.PRESENT, UNREAD, Outcome.UNKNOWN),
    (State.ABSENT, HELD, Verb.REVOKE),
    (State.ABSENT, HELD_AND_DENIED, Verb.REVOKE),
    (State.ABSENT, NOT_HELD, Outcome.COMPLIANT),
    (State.ABSENT, INHERITED, Outcome.COMPLIANT),
    (State.ABSENT, DENIED, Outcome.COMPLIANT),
    (State.ABSENT, UNREAD, Outcome.UNKNOWN),
]


@pytest.mark.parametrize(("state", "seen", "decision"), DECISIONS)
@pytest.mark.parametrize("right", list(Right))
def test_what_is_decided(state: State, seen: Observed, decision: Outcome | Verb, right: Right) -> None:
    made = decide(want(state, right), seen)
    if isinstance(decision, Verb):
        assert made == Step(want(state, right), decision, seen)  # type: ignore[arg-type]
    else:
        assert isinstance(made, Finding)
        assert (made.outcome, made.before, made.right, made.state) == (decision, seen.before, right, state)
        assert not made.write_sent


def test_each_want_is_decided_on_its_own() -> None:
    wants = [want(), want(right=Right.FULL_ACCESS), want(State.ABSENT, Right.SEND_ON_BEHALF)]
    seen: dict[object, Observed] = dict(zip((one.grant for one in wants), (NOT_HELD, UNREAD, NOT_HELD), strict=True))
    made = plan(wants, seen)  # type: ignore[arg-type]
    assert [(one.want.grant.right, one.verb) for one in made.steps] == [(Right.SEND_AS, Verb.GRANT)]
    assert [one.outcome for one in made.findings] == [Outcome.UNKNOWN, Outcome.COMPLIANT]
    assert plan([], {}) == Plan((), ())


def finding(state: State, seen: Observed) -> Finding:
    made = decide(want(state), seen)
    assert isinstance(made, Finding)
    return made


def test_a_deny_is_reported_with_who_and_what() -> None:
    denied = finding(State.PRESENT, DENIED)
    assert "denies Router@contoso.com Send As" in denied.cause
    assert "by hand" in denied.next_step
    assert denied.before == "denied"


def test_an_unknown_says_why_and_that_nothing_was_written() -> None:
    unknown = finding(State.PRESENT, UNREAD)
    assert unknown.cause == "the read failed"
    assert "nothing was written" in unknown.next_step


@pytest.mark.parametrize(
    ("seen", "note"),
    [
        (replace(HELD, inherited=True), "an inherited entry gives the right, too"),
        (replace(HELD, doubt="odd"), "odd"),
    ],
)
def test_what_else_was_seen_is_noted(seen: Facts, note: str) -> None:
    assert any(note in one for one in finding(State.PRESENT, seen).notes)
    assert finding(State.PRESENT, HELD).notes == ()


def test_a_deny_that_stands_beside_an_absence_is_noted() -> None:
    assert "a Deny stands" in finding(State.ABSENT, DENIED).notes


def test_the_notes_of_a_want_come_first() -> None:
    made = decide(replace(want(), notes=("two hosts",)), replace(HELD, doubt="odd"))
    assert isinstance(made, Finding)
    assert made.notes == ("two hosts", "odd")


@pytest.mark.parametrize(("state", "outcome"), [(State.PRESENT, Outcome.MISSING), (State.ABSENT, Outcome.UNWANTED)])
def test_a_step_that_was_not_taken_is_drift(state: State, outcome: Outcome) -> None:
    left = left_undone(step(state), "not reached", "run it again")
    assert (left.outcome, left.cause, left.next_step, left.write_sent) == (
        outcome,
        "not reached",
        "run it again",
        False,
    )


#: Outcome, whether it changes, and whether it fails: in check mode, in normal mode.
TABLE = [
    (Outcome.COMPLIANT, (False, False), (False, False)),
    (Outcome.MISSING, (True, False), (False, True)),
    (Outcome.UNWANTED, (True, False), (False, True)),
    (Outcome.SURPLUS, (False, False), (False, False)),
    (Outcome.GRANTED, (True, True), (False, False)),
    (Outcome.REVOKED, (True, True), (False, False)),
    (Outcome.PENDING, (True, True), (False, False)),
    (Outcome.DENIED, (False, False), (True, True)),
    (Outcome.UNKNOWN, (False, False), (True, True)),
    (Outcome.REFUSED, (False, False), (True, True)),
    (Outcome.NOT_FOUND, (False, False), (True, True)),
    (Outcome.AMBIGUOUS, (False, False), (True, True)),
    (Outcome.UNSUPPORTED, (False, False), (True, True)),
]


@pytest.mark.parametrize(("outcome", "changes", "fails"), TABLE)
@pytest.mark.parametrize("check_mode", [True, False])
def test_an_outcome_changes_and_fails_as_the_design_says(
    outcome: Outcome, changes: tuple[bool, bool], fails: tuple[bool, bool], check_mode: bool
) -> None:
    column = 0 if check_mode else 1
    row = replace(finding(State.PRESENT, UNREAD), outcome=outcome)
    assert row.changes(check_mode) is changes[column]
    assert outcome.fails(check_mode) is fails[column]


def test_every_outcome_is_in_the_table() -> None:
    assert [outcome for outcome, _changes, _fails in TABLE] == list(Outcome)


@pytest.mark.parametrize("sent", [True, False])
def test_an_unknown_changes_where_a_write_was_sent(sent: bool) -> None:
    assert replace(finding(State.PRESENT, UNREAD), write_sent=sent).changes(check_mode=False) is sent
