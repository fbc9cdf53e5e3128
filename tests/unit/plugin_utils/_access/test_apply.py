# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a step to its writes, and what their answers and the look afterwards come to together."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.apply import (
    Attempt,
    is_as_wanted,
    judge,
    may_still_appear,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import (
    Facts,
    Observed,
    Outcome,
    State,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.identities import Principal
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import AccessEntry, Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.session import Answer, Call

from .._exchange.sessions import ACCOUNT, SALES
from .samples import (
    ALREADY,
    DENIED,
    DONE,
    FORBIDDEN,
    HELD,
    HELD_AND_DENIED,
    INHERITED,
    NOT_HELD,
    NOTHING_THERE,
    TIMED_OUT,
    UNREAD,
    attempt,
    calls_of,
    entry,
    step,
)

SID = ACCOUNT.sids[0]
OLD = "S-1-5-21-9-9-9-500"
P, A = State.PRESENT, State.ABSENT

#: What was wanted, what the write answered (None: nothing), what the look afterwards shows; what came of it, whether
#: anything changed, and whether it is worth waiting for.
JUDGEMENTS: list[tuple[State, Answer | None, Observed, Outcome, bool, bool]] = [
    (P, DONE, HELD, Outcome.GRANTED, True, False),
    (P, DONE, NOT_HELD, Outcome.PENDING, True, True),
    (P, DONE, INHERITED, Outcome.PENDING, True, True),
    (P, DONE, UNREAD, Outcome.UNKNOWN, True, True),
    (P, DONE, HELD_AND_DENIED, Outcome.DENIED, True, False),
    (P, DONE, DENIED, Outcome.DENIED, True, False),
    (P, ALREADY, HELD, Outcome.COMPLIANT, False, False),
    (P, ALREADY, NOT_HELD, Outcome.COMPLIANT, False, False),
    (P, ALREADY, UNREAD, Outcome.UNKNOWN, True, False),
    (P, ALREADY, DENIED, Outcome.DENIED, False, False),
    (P, TIMED_OUT, HELD, Outcome.GRANTED, True, False),
    (P, TIMED_OUT, NOT_HELD, Outcome.UNKNOWN, True, True),
    (P, TIMED_OUT, UNREAD, Outcome.UNKNOWN, True, True),
    (P, FORBIDDEN, NOT_HELD, Outcome.REFUSED, False, False),
    (P, FORBIDDEN, HELD, Outcome.GRANTED, True, False),
    (P, FORBIDDEN, UNREAD, Outcome.UNKNOWN, True, False),
    (P, None, HELD, Outcome.GRANTED, True, False),
    (P, None, NOT_HELD, Outcome.UNKNOWN, True, True),
    (P, None, UNREAD, Outcome.UNKNOWN, True, True),
    (A, DONE, NOT_HELD, Outcome.REVOKED, True, False),
    (A, DONE, DENIED, Outcome.REVOKED, True, False),
    (A, DONE, INHERITED, Outcome.REVOKED, True, False),
    (A, DONE, HELD, Outcome.PENDING, True, True),
    (A, DONE, HELD_AND_DENIED, Outcome.PENDING, True, True),
    (A, DONE, UNREAD, Outcome.UNKNOWN, True, True),
    (A, NOTHING_THERE, NOT_HELD, Outcome.COMPLIANT, False, False),
    (A, NOTHING_THERE, HELD, Outcome.UNKNOWN, False, False),
    (A, TIMED_OUT, NOT_HELD, Outcome.REVOKED, True, False),
    (A, TIMED_OUT, HELD, Outcome.UNKNOWN, True, True),
    (A, FORBIDDEN, HELD, Outcome.REFUSED, False, False),
    (A, None, HELD, Outcome.UNKNOWN, True, True),
    (A, None, NOT_HELD, Outcome.REVOKED, True, False),
]


@pytest.mark.parametrize(("state", "answer", "seen", "outcome", "changed", "wait"), JUDGEMENTS)
def test_what_came_of_a_write(
    state: State, answer: Answer | None, seen: Observed, outcome: Outcome, changed: bool, wait: bool
) -> None:
    tried = attempt(state, answer)
    row = judge(tried, seen)
    assert (row.outcome, row.changes(check_mode=False)) == (outcome, changed)
    assert may_still_appear(tried, seen) is wait
    assert row.outcome.fails(check_mode=False) is (outcome in {Outcome.UNKNOWN, Outcome.REFUSED, Outcome.DENIED})
    assert row.before == tried.step.facts.before


@pytest.mark.parametrize(("state", "answer", "seen", "outcome"), [one[:4] for one in JUDGEMENTS])
def test_what_is_not_as_wanted_has_a_cause_and_a_next_step(
    state: State, answer: Answer | None, seen: Observed, outcome: Outcome
) -> None:
    row = judge(attempt(state, answer), seen)
    fine = outcome in {Outcome.GRANTED, Outcome.REVOKED, Outcome.COMPLIANT}
    assert bool(row.cause) is not fine
    assert bool(row.next_step) is not fine


def test_a_write_that_answered_an_error_and_was_done_says_so() -> None:
    assert any("The operation has timed out" in note for note in judge(attempt(P, TIMED_OUT), HELD).notes)


def test_a_right_that_exchange_says_is_there_though_no_read_shows_it_is_noted() -> None:
    assert any("though the read did not show it" in note for note in judge(attempt(P, ALREADY), NOT_HELD).notes)


def test_a_refusal_is_given_in_exchanges_words_with_the_remedy() -> None:
    refused = judge(attempt(P, FORBIDDEN), NOT_HELD)
    assert "isn't within your current write scope" in refused.cause
    assert "write scope" in refused.next_step


def test_one_of_several_revocations_without_answer_leaves_it_unknown() -> None:
    assert judge(attempt(A, DONE, None), HELD).outcome is Outcome.UNKNOWN
    assert judge(attempt(A, DONE, None), NOT_HELD).outcome is Outcome.REVOKED


def test_one_of_several_revocations_that_had_nothing_to_do_does_not_unsay_the_other() -> None:
    assert judge(attempt(A, DONE, NOTHING_THERE), NOT_HELD).outcome is Outcome.REVOKED
    assert judge(attempt(A, NOTHING_THERE, NOTHING_THERE), NOT_HELD).outcome is Outcome.COMPLIANT


def test_a_refusal_beside_a_revocation_that_was_done_is_a_change_all_the_same() -> None:
    refused = judge(attempt(A, DONE, FORBIDDEN), HELD)
    assert (refused.outcome, refused.changes(check_mode=False)) == (Outcome.REFUSED, True)


def test_a_write_in_doubt_beside_one_that_was_refused_leaves_it_unknown() -> None:
    assert judge(attempt(A, FORBIDDEN, TIMED_OUT), HELD).outcome is Outcome.UNKNOWN
    assert judge(attempt(A, FORBIDDEN, FORBIDDEN), HELD).outcome is Outcome.REFUSED


def test_a_warning_of_the_other_verb_says_nothing() -> None:
    assert judge(attempt(P, NOTHING_THERE), NOT_HELD).outcome is Outcome.PENDING
    assert judge(attempt(A, ALREADY), HELD).outcome is Outcome.PENDING


@pytest.mark.parametrize(
    ("state", "seen", "as_wanted"),
    [
        (P, HELD, True),
        (P, HELD_AND_DENIED, False),
        (P, INHERITED, False),
        (P, UNREAD, False),
        (A, NOT_HELD, True),
        (A, DENIED, True),
        (A, HELD, False),
        (A, UNREAD, False),
    ],
)
def test_what_counts_as_done(state: State, seen: Observed, as_wanted: bool) -> None:
    assert is_as_wanted(step(state), seen) is as_wanted


def parameters(*calls: Call) -> list[dict[str, object]]:
    return [{name: value for name, value in call.parameters.items() if name != "Confirm"} for call in calls]


@pytest.mark.parametrize(
    ("right", "cmdlet"),
    [
        (Right.SEND_AS, "Add-RecipientPermission"),
        (Right.FULL_ACCESS, "Add-MailboxPermission"),
        (Right.SEND_ON_BEHALF, "Set-Mailbox"),
    ],
)
def test_a_grant_is_one_write(right: Right, cmdlet: str) -> None:
    (call,) = calls_of(step(P, right=right))
    assert call.cmdlet == cmdlet
    assert call.parameters["Identity"] == SALES.guid


@pytest.mark.parametrize("chosen", [True, False])
def test_auto_mapping_is_as_chosen(chosen: bool) -> None:
    (call,) = calls_of(step(P, right=Right.FULL_ACCESS), chosen)
    assert call.parameters["AutoMapping"] is chosen


def revocations(*entries: AccessEntry, right: Right = Right.SEND_AS, principal: Principal = ACCOUNT) -> list[Call]:
    made = step(A, Facts(True, False, False, entries), right)
    made = replace(made, want=replace(made.want, grant=replace(made.want.grant, principal=principal)))
    return list(calls_of(made))


def test_a_revocation_takes_the_entry_back_under_the_sid_that_it_stands_under() -> None:
    moved = replace(ACCOUNT, sids=(SID, OLD))
    calls = revocations(entry(), entry(sid=OLD), entry(sid=""), principal=moved)
    assert [one["Trustee"] for one in parameters(*calls)] == [ACCOUNT.guid, OLD]


def test_a_revocation_for_a_deleted_account_names_its_sid() -> None:
    (call,) = revocations(entry(sid=OLD), principal=Principal(asked=OLD, sids=(OLD,)))
    assert call.parameters["Trustee"] == OLD


def test_full_access_is_taken_back_with_every_inheritance_that_was_seen_and_each_once() -> None:
    seen = [entry(Right.FULL_ACCESS, inheritance_type=kind) for kind in ("All", "Children", "All")]
    calls = revocations(*seen, right=Right.FULL_ACCESS)
    assert [one["InheritanceType"] for one in parameters(*calls)] == ["All", "Children"]
    assert {str(one["AccessRights"]) for one in parameters(*calls)} == {"['FullAccess']"}


def test_send_on_behalf_is_taken_back_though_no_entry_shows_it() -> None:
    (call,) = revocations(right=Right.SEND_ON_BEHALF)
    assert call.parameters["GrantSendOnBehalfTo"] == {"Remove": [ACCOUNT.guid]}


def test_no_step_ever_both_takes_and_gives() -> None:
    for right in Right:
        verbs = {call.cmdlet.partition("-")[0] for call in calls_of(step(P, right=right))}
        assert verbs <= {"Add", "Set"}
        assert {call.cmdlet.partition("-")[0] for call in revocations(right=right)} <= {"Remove", "Set"}


def test_what_answered_is_counted_for_what_it_is() -> None:
    tried = Attempt(step(P), (DONE, TIMED_OUT, None))
    assert [error.text for error in tried.errors] == ["The operation has timed out."]
    assert tried.is_unanswered
    assert not tried.had_no_effect
    assert attempt(P, ALREADY, ALREADY).had_no_effect
    assert not attempt(P, ALREADY, DONE).had_no_effect
