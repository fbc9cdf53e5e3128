# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the task returns and says: counts, one sentence, rows to look at, a diff."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.holdings import EVERYWHERE
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import (
    Finding,
    Outcome,
    Report,
    State,
    Stop,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.terms import Term
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._ansible.result import (
    FAILED_ROWS,
    attention_of,
    diff_of,
    result_of,
    row_of,
    sentence_of,
    settled,
    summary_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.failures import (
    Failure,
    FailureClass,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right

P, A = State.PRESENT, State.ABSENT
FINE = {Outcome.COMPLIANT, Outcome.GRANTED, Outcome.REVOKED}


def finding(
    outcome: Outcome,
    host: str = "sales",
    state: State = P,
    before: str = "not held",
    cause: str = "",
    next_step: str = "",
) -> Finding:
    address = f"{host}@contoso.com"
    return Finding(host, address, "router@contoso.com", Right.SEND_AS, state, outcome, before, cause, next_step)


LOST = Failure(FailureClass.SESSION_LOST, retry_safe=True)


def report(*findings: Finding, aborted: str = "") -> Report:
    return Report(findings, stop=Stop(aborted, LOST) if aborted else None)


def result(*findings: Finding, check_mode: bool = False, aborted: str = "") -> dict[str, object]:
    return result_of(report(*findings, aborted=aborted), check_mode, True, {"writes": 1})


def refused(number: int) -> list[Finding]:
    return [finding(Outcome.REFUSED, f"box{each}", cause=f"no{each}", next_step="ask") for each in range(number)]


def test_the_result_has_the_same_shape_whatever_came_of_it() -> None:
    shapes = [
        set(result(one, check_mode=check)) for one in map(finding, FINE | {Outcome.MISSING}) for check in (True, False)
    ]
    assert all(shape == shapes[0] for shape in shapes)
    assert shapes[0] == {
        *("changed", "msg", "grants", "attention", "summary", "coverage", "statistics", "verdict", "diff"),
        *("failure_class", "retry_safe"),
    }


def test_a_row_holds_what_was_wanted_found_and_done() -> None:
    term = Term("2026-12-31", "migration")
    found = replace(finding(Outcome.REFUSED, cause="no", next_step="ask"), notes=("odd",), term=term)
    assert row_of(found) == {
        "mailbox": "sales",
        "address": "sales@contoso.com",
        "account": "router@contoso.com",
        "right": "send_as",
        "state": "present",
        "before": "not held",
        "outcome": "refused",
        "cause": "no",
        "next_step": "ask",
        "notes": ["odd"],
        "until": "2026-12-31",
        "reason": "migration",
    }


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("check_mode", [True, False])
def test_changed_and_verdict_follow_the_outcomes(outcome: Outcome, check_mode: bool) -> None:
    one = finding(outcome)
    made = result(finding(Outcome.COMPLIANT), one, check_mode=check_mode)
    verdict = made["verdict"]
    assert isinstance(verdict, dict)
    assert made["changed"] is one.changes(check_mode)
    assert verdict["failed"] is outcome.fails(check_mode)
    assert verdict["drift"] is outcome.is_drift
    assert verdict["msg"] == made["msg"]
    assert "failed" not in made


def test_a_run_that_was_cut_short_fails_though_no_row_does() -> None:
    verdict = result(finding(Outcome.PENDING), aborted="the connection broke")["verdict"]
    assert isinstance(verdict, dict)
    assert verdict["failed"] is True


@pytest.mark.parametrize(
    ("outcomes", "aborted", "failure"),
    [
        ([Outcome.GRANTED, Outcome.COMPLIANT], "", ("", True)),
        ([Outcome.GRANTED, Outcome.UNKNOWN], "", ("mailboxes", True)),
        ([Outcome.DENIED, Outcome.UNKNOWN], "", ("mailboxes", False)),
        ([Outcome.REFUSED], "the connection broke", ("session_lost", True)),
    ],
)
def test_a_pipeline_is_told_what_failed_and_whether_to_try_again(
    outcomes: list[Outcome], aborted: str, failure: tuple[str, bool]
) -> None:
    made = result(*map(finding, outcomes), aborted=aborted)
    assert (made["failure_class"], made["retry_safe"]) == failure


@pytest.mark.parametrize(("denied", "others", "retry_safe"), [(1, 0, False), (1, 1, False), (0, 2, True)])
def test_what_nobody_permits_no_retry_mends(denied: int, others: int, retry_safe: bool) -> None:
    unknown = finding(Outcome.UNKNOWN)
    made = result(*[replace(unknown, may_pass=False)] * denied, *[unknown] * others, finding(Outcome.GRANTED))
    assert (made["failure_class"], made["retry_safe"]) == ("mailboxes", retry_safe)


def test_the_summary_names_every_outcome() -> None:
    summary = summary_of([finding(Outcome.COMPLIANT), finding(Outcome.COMPLIANT), finding(Outcome.DENIED)])
    assert summary == {"total": 3, **{one.value: 0 for one in Outcome}, "compliant": 2, "denied": 1}


def test_one_sentence_counts_and_shows_the_first_that_fails() -> None:
    findings = [
        finding(Outcome.COMPLIANT),
        finding(Outcome.MISSING, "info"),
        finding(Outcome.NOT_FOUND, "old", cause="no recipient has this address", next_step="check the address"),
    ]
    assert sentence_of(report(*findings), check_mode=True) == (
        "3 grants on 3 mailboxes: 1 compliant, 1 missing, 1 not found. First: old, router@contoso.com, Send As: "
        "not found, no recipient has this address (check the address)"
    )


def test_one_sentence_shows_the_first_drift_where_nothing_fails() -> None:
    findings = [finding(Outcome.COMPLIANT), finding(Outcome.MISSING, "info")]
    assert sentence_of(report(*findings), check_mode=True).endswith("First: info, router@contoso.com, Send As: missing")


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (report(), "0 grants on 0 mailboxes: nothing to look at"),
        (report(finding(Outcome.GRANTED)), "1 grant on 1 mailbox: 1 granted"),
        (
            report(finding(Outcome.COMPLIANT), replace(finding(Outcome.COMPLIANT), host=EVERYWHERE)),
            "2 grants on 1 mailbox: 2 compliant",
        ),
        (
            report(finding(Outcome.UNKNOWN), aborted="the connection broke"),
            "the connection broke. 1 grant on 1 mailbox: 1 unknown",
        ),
    ],
)
def test_one_sentence(made: Report, sentence: str) -> None:
    assert sentence_of(made, check_mode=False) == sentence


def test_attention_is_what_is_not_as_wanted_in_words_and_no_more_than_a_person_reads() -> None:
    assert attention_of(map(finding, FINE)) == []
    assert len(attention_of(map(finding, set(Outcome) - FINE))) == len(Outcome) - 3
    shown = attention_of(refused(FAILED_ROWS + 7))
    assert len(shown) == FAILED_ROWS + 1
    assert shown[0] == "box0, router@contoso.com, Send As: refused, no0 (ask)"
    assert shown[-1] == "and 7 more"
    assert len(attention_of(refused(FAILED_ROWS))) == FAILED_ROWS


def test_d14_each_line_names_its_own_mailbox_only() -> None:
    for number, line in enumerate(attention_of(refused(20))):
        named = {word for word in line.replace(",", " ").split() if word.startswith("box")}
        assert named == {f"box{number}"}


def test_a_result_that_does_not_fail_is_left_as_it_is() -> None:
    made = result(finding(Outcome.GRANTED), finding(Outcome.PENDING))
    for on_failure in ("fail", "report"):
        assert settled(made, on_failure) == made


def test_a_failing_result_is_short_and_failed() -> None:
    made = result(*map(finding, FINE), *refused(FAILED_ROWS + 7))
    failed = settled(made, "fail")
    assert failed["failed"] is True
    assert failed["grants_omitted"] == 7
    assert len(failed["grants"]) == FAILED_ROWS
    assert {row["outcome"] for row in failed["grants"]} == {"refused"}
    assert failed["summary"] == made["summary"]
    assert failed["msg"] == made["msg"]


def test_a_failing_result_that_is_asked_for_is_whole_and_unfailed() -> None:
    made = result(*map(finding, FINE), *refused(FAILED_ROWS + 7))
    assert settled(made, "report") == made
    assert "failed" not in settled(made, "report")
    assert len(settled(made, "report")["grants"]) == FAILED_ROWS + 7 + 3


def test_pending_writes_are_warned_of_in_one_line() -> None:
    made = result(finding(Outcome.PENDING, "b"), finding(Outcome.PENDING, "c"), finding(Outcome.GRANTED))
    assert made["warnings"] == [
        "2 writes were accepted and are not visible yet, the first on b: run it again",
    ]


def test_the_warnings_of_the_run_are_kept() -> None:
    made = result_of(Report((finding(Outcome.COMPLIANT),), ("odd",)), False, False, {})
    assert made["warnings"] == ["odd"]
    assert "diff" not in made


LINE = "sales@contoso.com: router@contoso.com: Send As\n"


@pytest.mark.parametrize(
    ("outcome", "state", "before", "check_mode", "shown"),
    [
        (Outcome.COMPLIANT, P, "held", False, (LINE, LINE)),
        (Outcome.COMPLIANT, A, "not held", False, ("", "")),
        (Outcome.MISSING, P, "not held", True, ("", LINE)),
        (Outcome.UNWANTED, A, "held", True, (LINE, "")),
        (Outcome.MISSING, P, "not held", False, ("", "")),
        (Outcome.UNWANTED, A, "held", False, (LINE, LINE)),
        (Outcome.GRANTED, P, "not held", False, ("", LINE)),
        (Outcome.REVOKED, A, "held", False, (LINE, "")),
        (Outcome.REVOKED, A, "denied", False, (LINE, "")),
        (Outcome.UNWANTED, A, "denied", True, (LINE, "")),
        (Outcome.PENDING, P, "not held", False, ("", LINE)),
        (Outcome.PENDING, A, "held", False, (LINE, "")),
        (Outcome.SURPLUS, A, "held", False, (LINE, LINE)),
        (Outcome.DENIED, P, "denied", False, ("", "")),
        (Outcome.UNKNOWN, P, "unknown", False, ("", "")),
        (Outcome.REFUSED, P, "not held", False, ("", "")),
        (Outcome.REFUSED, A, "held", False, (LINE, LINE)),
    ],
)
def test_the_diff_has_a_line_for_each_grant_that_is_held(
    outcome: Outcome, state: State, before: str, check_mode: bool, shown: tuple[str, str]
) -> None:
    diff = diff_of([finding(outcome, state=state, before=before)], check_mode)
    assert (diff["before"], diff["after"]) == shown


def test_the_diff_is_in_the_order_of_mailboxes() -> None:
    diff = diff_of([finding(Outcome.GRANTED, "b"), finding(Outcome.GRANTED, "a")], False)
    assert [line.partition("@")[0] for line in diff["after"].splitlines()] == ["a", "b"]


def test_a_mailbox_that_was_not_found_is_called_in_the_diff_what_the_user_calls_it() -> None:
    nameless = replace(finding(Outcome.COMPLIANT, before="held"), address="")
    assert diff_of([nameless], False)["before"] == "sales: router@contoso.com: Send As\n"
