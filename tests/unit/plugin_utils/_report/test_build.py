# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A result becomes a report: whole, in the same order, with what the head and the rows need; a part of one does not."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import InputError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.build import (
    Context,
    build,
    check_result,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.document import Source
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.verdict import AUDIT, policy_of

from .results import given, night, report, result

SOURCE = Source(system="GitLab CI", commit="c0ffee", ref="main", job="audit #7", url="https://gitlab.example/7")


def test_the_head_says_when_by_whom_from_where_and_what_was_looked_at() -> None:
    made = result(given("compliant"), mode=AUDIT)
    head = build(made, Context(night(3), "1.2.3", SOURCE, policy_of(AUDIT, {}, {})))["head"]
    assert head == {
        "created": night(3),
        "began": night(1, 1),
        "ended": night(1, 2),
        "collection_version": "1.2.3",
        "organization": "contoso.onmicrosoft.com",
        "application": "00000000-0000-0000-0000-000000000000",
        "mode": "audit",
        "rehearsal": False,
        "source": SOURCE,
        "coverage": {"send_as": "1 of 1"},
    }


def test_rows_stand_as_in_the_result_and_what_is_said_of_the_grant_with_them() -> None:
    rows = [given("granted", "b", notes=["odd"]), given("compliant", "a", until="2026-12-31", reason="CRM-7")]
    made = report(result(*rows))
    judged = {"verdict": "ok", "since": night(1), "standing_since": night(1), "regranted": 0}
    assert made["rows"] == [{**row, **judged, "standing": row["outcome"]} for row in rows]
    assert (made["summary"], made["statistics"]) == ({"total": 2, "granted": 1, "compliant": 1}, {"calls_total": 7})


def test_a_row_that_says_nothing_of_an_end_has_none() -> None:
    row = given("compliant")
    del row["until"], row["reason"]
    made = report(result(row))["rows"][0]
    assert (made["until"], made["reason"]) == ("", "")


def test_the_result_is_left_as_it_is() -> None:
    made = result(given("granted", notes=["odd"]))
    told = report(made)
    told["rows"][0]["notes"].append("more")
    told["summary"]["total"] = 0
    assert made == result(given("granted", notes=["odd"]))


RUN = result()["run"]
FAILED = {"failed": True, "msg": "Whole run: the host is unreachable", "failure_class": "host_unreachable"}
NOT_WHOLE: dict[str, tuple[dict[str, Any], str]] = {
    "skipped": ({"skipped": True, "changed": False}, "skipped"),
    "failed as a whole": (FAILED, "nothing to report: Whole run: the host is unreachable"),
    "failed and short": ({**result(given("refused")), "failed": True, "grants_omitted": 0}, "set on_failure=report"),
    "of another module": ({"changed": False, "ping": "pong"}, "holds no run, grants"),
    "of an older version": ({**result(given("granted")), "run": None}, "holds no run"),
    "rows that are none": (result(given("granted"), {"mailbox": "a"}), "row 1: it holds no address, account"),
    "an unknown outcome": (result(given("excellent")), "no outcome 'excellent'"),
    "an unknown right": (result(given("granted", right="everything")), "right 'everything'"),
    "an unknown state": (result(given("granted", state="wanted")), "to be 'wanted'"),
    "a row that is none": ({**result(), "grants": [given("granted"), 7]}, "row 1: it is none"),
    "notes of none": (result(given("granted", notes=None)), "row 0: notes is no list of texts"),
    "an account of none": (result(given("granted", account=None)), "row 0: account is no text"),
    "a reason that is a number": (result(given("granted", reason=4711)), "row 0: reason is no text"),
    "rows that are no list": (result(grants={"a": 1}), "grants is no list"),
    "a run that is a text": (result(run="audit"), "run is no dictionary"),
    "a run without a mode": (result(run={**RUN, "mode": "test"}), "run does not say in which mode"),
    "a run without an organisation": (result(run={**RUN, "organization": None}), "in which organization"),
    "a run without an end": (result(run={**RUN, "ended": "today"}), "when it began and ended"),
    "a failure of no class": (result(failure_class=["bad"]), "there is no failure class"),
}


@pytest.mark.parametrize("name", NOT_WHOLE)
def test_what_is_not_a_whole_result_is_refused_with_the_reason(name: str) -> None:
    made, reason = NOT_WHOLE[name]
    with pytest.raises(InputError) as error:
        check_result(made)
    assert reason in error.value.faults[0]


def test_a_whole_result_is_accepted_whatever_came_of_it() -> None:
    check_result(result(given("unknown"), stopped="the session was lost"))
    check_result(result())


class Watched(str):
    """A name that counts how often it is compared with another, as a search through a list would."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        Watched.compared += 1
        return str.__eq__(self, str(other))

    __hash__ = str.__hash__


def comparisons(mailboxes: int) -> int:
    """How many it takes to report on so many mailboxes with a history, half of which has changed."""

    def night_of(outcomes: tuple[str, str]) -> dict[str, Any]:
        return result(*(given(outcomes[number % 2], Watched(f"box{number}")) for number in range(mailboxes)))

    before = report(night_of(("compliant", "surplus")), night(1))
    Watched.compared = 0
    report(night_of(("granted", "missing")), night(2), before)
    return Watched.compared


def test_ten_times_the_mailboxes_take_ten_times_the_comparisons() -> None:
    assert 0 < comparisons(200) <= 12 * comparisons(20)
