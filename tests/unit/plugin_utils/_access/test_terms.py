# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Grants that are wanted for a time: what a date means, and what comes of a mailbox when its time is over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import (
    MailboxItem,
    ending_soon,
    wants_of,
    wishes_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import (
    Finding,
    Outcome,
    Profile,
    State,
    Want,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.terms import Term, term_of
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.directory import Found
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.identities import (
    Problem,
    ProblemKind,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right

from .._exchange.sessions import ACCOUNT, ROUTER, SALES

NOW = datetime(2026, 6, 15, 12, tzinfo=timezone.utc)
INSTANT = timedelta(microseconds=1)
OLD = "old@contoso.com"
PROFILES = {
    "sender": Profile("sender", ROUTER, (Right.SEND_AS,)),
    "reader": Profile("reader", ROUTER, (Right.FULL_ACCESS,)),
    "rotated": Profile("rotated", ROUTER, (Right.SEND_AS,), replaces=OLD),
}
PRINCIPALS = {ROUTER: ACCOUNT, OLD: replace(ACCOUNT, guid="old", upn=OLD, sids=("S-1-5-21-1-2-3-2000",))}
OVER = "it was wanted until 2026-06-14 only, so it is wanted absent since then"
SOON = "it is wanted until 2026-06-20 only, which is within 14 days"


def item(
    until: object = None,
    host: str = "sales",
    profile: str = "sender",
    state: State = State.PRESENT,
    reason: object = None,
) -> MailboxItem:
    return MailboxItem(host, SALES.address, (profile,), state, term_of(until, reason)).at(NOW)


def wanted(*items: MailboxItem, found: Found = SALES) -> tuple[tuple[Want, ...], tuple[Finding, ...]]:
    return wants_of(wishes_of(items, PROFILES), {SALES.address: found}, PRINCIPALS)


def rows(wants: Iterable[Want]) -> list[tuple[Right, State, tuple[str, ...]]]:
    return [(want.grant.right, want.state, want.notes) for want in wants]


@pytest.mark.parametrize(
    ("said", "end"),
    [
        ("2026-06-14", datetime(2026, 6, 15, tzinfo=timezone.utc) - INSTANT),
        (date(2026, 6, 14), datetime(2026, 6, 15, tzinfo=timezone.utc) - INSTANT),
        ("9999-12-31", datetime.max.replace(tzinfo=timezone.utc)),
        ("2026-06-14T18:00:00Z", datetime(2026, 6, 14, 18, tzinfo=timezone.utc)),
        ("2026-06-14t18:00:00.5z", datetime(2026, 6, 14, 18, tzinfo=timezone.utc)),
        ("2026-06-14T18:00:00+02:00", datetime(2026, 6, 14, 16, tzinfo=timezone.utc)),
        ("2026-06-14 18:00:00-05:30", datetime(2026, 6, 14, 23, 30, tzinfo=timezone.utc)),
        (datetime(2026, 6, 14, 18, tzinfo=timezone.utc), datetime(2026, 6, 14, 18, tzinfo=timezone.utc)),
    ],
)
def test_a_day_counts_to_its_end_in_utc_and_a_moment_in_its_zone(said: object, end: datetime) -> None:
    term = term_of(said, None)
    assert term.end == end
    assert (term.is_over(end), term.is_over(NOW)) == (False, end < NOW)


@pytest.mark.parametrize("said", [None, "", "  "])
def test_who_says_nothing_wants_it_without_end(said: object) -> None:
    assert term_of(said, said) == Term()
    assert not Term().is_over(NOW)


@pytest.mark.parametrize(
    "said",
    [
        *("tomorrow", "31.12.2026", "12/31/2026", "2026-1-1", "20261231", 20261231, True, "2026-W10-1", "٢٠٢٦-12-31"),
        *("2026-02-30", "2026-13-01", "0000-01-01", "2026-06-14T25:00:00Z", "2026-06-14T18:00Z", "2026-06-14\n2027"),
        *("2026-06-14T18:00:00", "2026-06-14T18:00:00+99:00", "2026-06-14T18:00:00 UTC", datetime(2026, 6, 14, 18)),
    ],
)
def test_what_is_no_date_or_has_no_zone_is_refused_and_said_as_it_came(said: object) -> None:
    with pytest.raises(ValueError, match=r"is no date.*YYYY-MM-DD") as raised:
        term_of(said, None)
    assert str(raised.value).startswith(repr(said.isoformat() if isinstance(said, datetime) else str(said)))


@pytest.mark.parametrize(
    ("until", "state", "note"),
    [
        ("2026-06-14", State.ABSENT, OVER),
        ("2026-06-15", State.PRESENT, SOON.replace("20 only", "15 only")),
        ("2026-06-20", State.PRESENT, SOON),
        ("2026-06-29T12:00:00Z", State.PRESENT, SOON.replace("2026-06-20", "2026-06-29T12:00:00Z")),
        ("2026-06-29T12:00:01Z", State.PRESENT, ""),
        ("9999-12-31", State.PRESENT, ""),
        (None, State.PRESENT, ""),
    ],
)
def test_a_mailbox_is_wanted_until_its_end_and_absent_after_it(until: object, state: State, note: str) -> None:
    made = item(until)
    assert (made.state, made.term.note) == (state, note)


@pytest.mark.parametrize("until", ["2026-06-14", "2026-06-20"])
def test_what_is_absent_anyhow_has_no_end_to_tell_of(until: str) -> None:
    made = item(until, state=State.ABSENT)
    assert (made.state, made.term.note, made.term.until) == (State.ABSENT, "", until)


def test_a_mailbox_whose_time_is_over_is_to_be_without_any_of_the_three_rights_and_each_row_says_since_when() -> None:
    wants, findings = wanted(item("2026-06-14", reason="migration"))
    assert findings == ()
    assert rows(wants) == [(right, State.ABSENT, (OVER,)) for right in Right]
    assert {(want.term.until, want.term.reason) for want in wants} == {("2026-06-14", "migration")}


def test_the_one_that_is_replaced_has_no_end_to_tell_of() -> None:
    wants, _findings = wanted(item("2026-06-20", profile="rotated"))
    assert rows(wants) == [(Right.SEND_AS, State.PRESENT, (SOON,)), (Right.SEND_AS, State.ABSENT, ())]


def test_one_mailbox_that_is_wanted_for_ever_and_until_a_day_that_has_passed_is_a_conflict() -> None:
    wants, findings = wanted(item("2026-06-14", host="temp"), item())
    assert {want.grant.right for want in wants} == {Right.FULL_ACCESS, Right.SEND_ON_BEHALF}
    assert [(one.host, one.outcome, one.state, one.term.until) for one in findings] == [
        ("temp", Outcome.AMBIGUOUS, State.ABSENT, "2026-06-14"),
        ("sales", Outcome.AMBIGUOUS, State.PRESENT, ""),
    ]
    assert {one.cause for one in findings} == {
        f"conflict: these hosts are the same mailbox ({SALES.address}): sales says present, temp says absent, for it "
        "was wanted until 2026-06-14 only"
    }


def test_a_mailbox_that_is_listed_twice_with_and_without_its_end_is_told_so() -> None:
    _wants, findings = wanted(item("2026-06-14"), item())
    assert {one.outcome for one in findings} == {Outcome.AMBIGUOUS}
    assert {one.cause for one in findings} == {
        "conflict: the mailbox is listed more than once: sales says absent, for it was wanted until 2026-06-14 only, "
        "sales says present"
    }


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_of_several_ends_the_first_counts_and_all_reasons_are_told(order: tuple[int, ...]) -> None:
    listed = [item(reason="crm"), item("2026-06-20", host="b", reason="tests"), item("2027-01-01", host="c")]
    (want,), findings = wanted(*(listed[place] for place in order))
    assert findings == ()
    assert (want.term.until, set(want.term.reason.split("; "))) == ("2026-06-20", {"crm", "tests"})
    assert want.notes[0] == SOON


def test_a_mailbox_that_cannot_be_worked_on_keeps_its_end_and_reason() -> None:
    gone = Problem(ProblemKind.NOT_FOUND, "no such address")
    _wants, (finding,) = wanted(item("2026-06-20", reason="x"), found=gone)
    assert (finding.outcome, finding.notes, finding.term.until, finding.term.reason) == (
        *(Outcome.NOT_FOUND, (SOON,), "2026-06-20"),
        "x",
    )
    _wants, findings = wanted(item("2026-06-14"), found=gone)
    assert {(one.outcome, one.notes) for one in findings} == {
        (Outcome.COMPLIANT, (OVER, "the mailbox is gone: no such address"))
    }


def test_the_mailboxes_that_end_soon_are_warned_of_in_one_line_and_the_first_by_name() -> None:
    later, over = item("2026-06-21", host="b"), item("2026-06-14", host="d")
    assert ending_soon([item(), item("2027-01-01"), over], NOW) == []
    assert ending_soon([over, later], NOW) == [
        "1 mailbox is wanted for 14 days or less yet, the first: b, until 2026-06-21"
    ]
    assert ending_soon([later, item("2026-06-20", host="c")], NOW) == [
        "2 mailboxes are wanted for 14 days or less yet, the first: c, until 2026-06-20"
    ]
