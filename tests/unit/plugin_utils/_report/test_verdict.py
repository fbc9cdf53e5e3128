# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which outcomes fail, what a user may choose, how long some may last, and the last line."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import InputError
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.holdings import EVERYWHERE
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Outcome
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.verdict import (
    AUDIT,
    ENFORCEMENT,
    JUDGED,
    default_rules,
    policy_of,
)

from .results import ROUTER, given, night, nights, report, result

FINE = ("compliant", "granted", "revoked")


@pytest.mark.parametrize("mode", [AUDIT, ENFORCEMENT])
@pytest.mark.parametrize("outcome", list(Outcome))
def test_without_a_choice_fails_what_fails_the_task_itself(mode: str, outcome: Outcome) -> None:
    verdict = report(result(given(outcome.value), mode=mode))["verdict"]
    assert verdict["failed"] is outcome.fails(mode == AUDIT)


@pytest.mark.parametrize("outcome", FINE)
def test_what_is_as_wanted_is_ok_and_cannot_be_chosen_otherwise(outcome: str) -> None:
    made = report(result(given(outcome)))
    assert (made["rows"][0]["verdict"], made["verdict"]["counts"]) == (
        "ok",
        {"ok": 1, "ignore": 0, "warn": 0, "fail": 0},
    )
    with pytest.raises(InputError):
        policy_of(AUDIT, {outcome: "fail"}, {})


@pytest.mark.parametrize("outcome", [name for name in JUDGED if name not in ("unknown", "denied")])
@pytest.mark.parametrize("word", ["fail", "warn", "ignore"])
def test_a_user_chooses_what_becomes_of_an_outcome(outcome: str, word: str) -> None:
    made = report(result(given(outcome), mode=AUDIT), verdicts={outcome: word})
    assert (made["rows"][0]["verdict"], made["verdict"]["failed"]) == (word, word == "fail")
    others = {name: default_rules(AUDIT)[name] for name in JUDGED if name != outcome}
    assert made["verdict"]["rules"] == {**others, outcome: word}


@pytest.mark.parametrize("outcome", ["unknown", "denied"])
def test_what_is_not_known_or_forbidden_fails_whatever_is_asked(outcome: str) -> None:
    assert policy_of(AUDIT, {outcome: "fail"}, {}).rules[outcome] == "fail"
    for word in ("warn", "ignore"):
        with pytest.raises(InputError, match="always fails"):
            policy_of(AUDIT, {outcome: word}, {})


@pytest.mark.parametrize("outcome", ["missing", "unwanted"])
@pytest.mark.parametrize("word", ["warn", "ignore"])
def test_what_a_run_that_could_write_left_undone_fails_whatever_is_chosen(outcome: str, word: str) -> None:
    """A brake held it back; the verdicts are those of an audit, too."""
    made = report(result(given(outcome, cause="brake: 7 writes are called for")), verdicts={outcome: word})
    assert (made["rows"][0]["verdict"], made["verdict"]["failed"]) == ("fail", True)
    assert made["verdict"]["rules"][outcome] == "fail"


WRONG: dict[str, tuple[dict[str, Any], dict[str, Any], int]] = {
    "no such outcome": ({"mising": "fail"}, {}, 1),
    "no such word": ({"missing": "error"}, {}, 1),
    "a word of YAML": ({"missing": True}, {}, 1),
    "a list for a word": ({"missing": ["fail"]}, {}, 1),
    "no grace for that": ({}, {"unknown": 4}, 1),
    "no number": ({}, {"pending": "a day"}, 1),
    "no time at all": ({}, {"pending": 0}, 1),
    "a yes for a number": ({}, {"pending": True}, 1),
    "for ever": ({}, {"pending": "inf"}, 1),
    "never": ({}, {"pending": float("nan")}, 1),
    "all at once": ({"mising": "fail", "denied": "warn"}, {"pending": -1}, 3),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_meant_is_an_error_that_names_all_of_it(wrong: str) -> None:
    verdicts, grace, faults = WRONG[wrong]
    with pytest.raises(InputError) as error:
        policy_of(AUDIT, verdicts, grace)
    assert len(error.value.faults) == faults


def verdicts_of(outcomes: list[str], **more: Any) -> list[str]:
    return [each["rows"][0]["verdict"] for each in nights(outcomes, **more)]


@pytest.mark.parametrize("outcome", ["not_found", "pending"])
def test_a_grace_lasts_its_hours_from_the_first_report_and_then_it_fails(outcome: str) -> None:
    assert verdicts_of([outcome] * 5, grace={outcome: 72}) == ["warn", "warn", "warn", "fail", "fail"]


def test_a_report_says_which_grace_it_was_judged_by() -> None:
    """A pipeline asks by it whether a row waits for a time that a report before has to count."""
    assert nights(["pending"], grace={"pending": "24"})[0]["verdict"]["grace"] == {"pending": 24.0}


def test_a_grace_begins_anew_where_another_outcome_was_in_between() -> None:
    outcomes = ["not_found", "not_found", "granted", "not_found", "not_found", "not_found"]
    assert verdicts_of(outcomes, grace={"not_found": "48"}) == ["warn", "warn", "ok", "warn", "warn", "fail"]


@pytest.mark.parametrize("outcome", ["not_found", "pending"])
def test_a_grace_goes_on_over_a_night_in_which_nothing_is_known(outcome: str) -> None:
    outcomes = [outcome, "unknown", "unknown", outcome]
    assert verdicts_of(outcomes, grace={outcome: 72}) == ["warn", "fail", "fail", "fail"]
    assert verdicts_of(outcomes, grace={outcome: 96}) == ["warn", "fail", "fail", "warn"]


def test_an_audit_lets_what_is_pending_pass_for_the_same_hours() -> None:
    more: dict[str, Any] = {"verdicts": {"missing": "fail"}}
    outcomes = ["pending", "a:missing", "a:missing"]
    assert verdicts_of(outcomes, grace={"pending": 48}, **more) == ["warn", "warn", "fail"]
    assert verdicts_of(outcomes, **more) == ["warn", "fail", "fail"]
    assert verdicts_of(["pending", "missing"], grace={"pending": 48}) == ["warn", "fail"], "a brake held it back"
    assert verdicts_of(["a:missing", "a:missing"], grace={"pending": 48}, **more) == ["fail", "fail"]


def test_a_grace_ends_what_is_ignored_until_then() -> None:
    more = {"verdicts": {"pending": "ignore"}, "grace": {"pending": 24}}
    assert verdicts_of(["pending", "pending"], **more) == ["ignore", "fail"]


def test_without_a_grace_time_changes_nothing() -> None:
    assert verdicts_of(["pending"] * 3) == ["warn"] * 3
    assert verdicts_of(["not_found"] * 3) == ["fail"] * 3


def test_nothing_at_all_is_never_green() -> None:
    verdict = report(result())["verdict"]
    assert verdict["failed"] is True
    assert "nothing was looked at" in verdict["sentence"]


def test_a_run_that_stopped_fails_though_every_row_may_pass() -> None:
    made = result(given("pending"), given("missing", "info"), stopped="the session was lost. 2 grants")
    verdict = report(made, verdicts={"missing": "ignore", "pending": "ignore"})["verdict"]
    assert verdict["failed"] is True
    assert (verdict["sentence"], verdict["failure_class"]) == ("the session was lost. 2 grants", "session_lost")


def test_failures_of_single_mailboxes_are_left_to_the_rules() -> None:
    made = result(given("not_found"), failure_class="mailboxes", retry_safe=False)
    verdict = report(made, verdicts={"not_found": "warn"})["verdict"]
    assert (verdict["failed"], verdict["failure_class"], verdict["retry_safe"]) == (False, "mailboxes", False)


def test_the_sentence_counts_and_shows_the_first_that_fails() -> None:
    rows = [given("compliant"), given("surplus", "info"), given("not_found", "old", cause="gone", next_step="look")]
    assert report(result(*rows))["verdict"]["sentence"] == (
        "3 grants on 3 mailboxes: 1 compliant, 1 surplus, 1 not found. "
        f"First: old, {ROUTER}, Send As: not found, gone (look)"
    )


def test_what_could_not_be_looked_for_anywhere_is_no_mailbox() -> None:
    made = report(result(given("compliant"), given("unknown", EVERYWHERE, state="absent")))
    assert made["verdict"]["sentence"].startswith("2 grants on 1 mailbox: 1 compliant, 1 unknown")


def test_the_sentence_shows_what_is_warned_of_where_nothing_fails_and_never_what_is_ignored() -> None:
    rows = [given("surplus", "info"), given("pending", "slow", right="send_on_behalf")]
    sentence = report(result(*rows), verdicts={"surplus": "ignore"})["verdict"]["sentence"]
    assert sentence.endswith(f"First: slow, {ROUTER}, Send on Behalf: pending")
    assert report(result(given("compliant")))["verdict"]["sentence"] == "1 grant on 1 mailbox: 1 compliant"


def test_the_sentence_says_that_something_else_keeps_removing_a_grant() -> None:
    first, again, third = (each["verdict"]["sentence"] for each in nights(["granted"] * 3))
    assert "keeps removing" not in first + again
    assert third == "1 grant on 1 mailbox: 1 granted. Something else keeps removing 1 grant, see sales"


def test_what_an_earlier_report_says_of_the_future_does_not_lengthen_a_grace() -> None:
    first = report(result(given("not_found")), night(1))
    first["rows"][0]["since"] = first["rows"][0]["standing_since"] = "2099-01-01T00:00:00Z"
    second = report(result(given("not_found")), night(2), first, grace={"not_found": 24})
    assert (second["rows"][0]["since"], second["rows"][0]["standing_since"]) == (night(2), night(2))
    third = report(result(given("not_found")), night(3), second, grace={"not_found": 24})
    assert third["rows"][0]["verdict"] == "fail"
