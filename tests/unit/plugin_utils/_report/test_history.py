# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report takes over from the one before it, and what it says is otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.document import Changes, Document
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._report.verdict import AUDIT, ENFORCEMENT

from .results import ROUTER, given, night, nights, report, result

LISTS = ("new_drift", "mended", "new_surplus", "still_pending", "regranted", "other")


def changes(
    before: list[dict[str, Any]], after: list[dict[str, Any]], mode: str = ENFORCEMENT, **coverage: str
) -> Changes:
    first = report(result(*before, mode=mode), night(1))
    made = result(*after, mode=mode)
    second = report({**made, "coverage": {**made["coverage"], **coverage}}, night(2), first)
    assert second["changes"] is not None
    return second["changes"]


def named(told: Changes) -> dict[str, list[str]]:
    """The lists that are not empty, by the mailboxes in them."""
    every: dict[str, Any] = dict(told)
    return {name: [key["mailbox"] for key in every[name]] for name in LISTS if every[name]}


def test_the_first_report_has_no_history() -> None:
    first = report(result(given("granted")))
    assert first["changes"] is None
    assert (first["rows"][0]["since"], first["rows"][0]["regranted"]) == (night(1), 0)


@pytest.mark.parametrize(
    ("before", "after", "mode", "told"),
    [
        ("compliant", "compliant", AUDIT, []),
        ("compliant", "missing", AUDIT, ["new_drift", "regranted"]),
        ("compliant", "unwanted", AUDIT, ["new_drift"]),
        ("compliant", "denied", AUDIT, ["new_drift", "regranted"]),
        ("compliant", "refused", ENFORCEMENT, ["new_drift", "regranted"]),
        ("missing", "missing", AUDIT, []),
        ("missing", "denied", AUDIT, ["other"]),
        ("missing", "compliant", AUDIT, ["mended"]),
        ("missing", "granted", ENFORCEMENT, ["mended"]),
        ("missing", "pending", ENFORCEMENT, ["other"]),
        ("refused", "granted", ENFORCEMENT, ["mended"]),
        ("compliant", "granted", ENFORCEMENT, ["new_drift", "mended", "regranted"]),
        ("compliant", "revoked", ENFORCEMENT, ["new_drift", "mended"]),
        ("granted", "compliant", ENFORCEMENT, []),
        ("granted", "granted", ENFORCEMENT, ["new_drift", "mended", "regranted"]),
        ("granted", "pending", ENFORCEMENT, ["new_drift", "regranted"]),
        ("pending", "pending", ENFORCEMENT, ["still_pending"]),
        ("pending", "missing", AUDIT, ["still_pending"]),
        ("pending", "compliant", AUDIT, ["mended"]),
        ("unknown", "compliant", AUDIT, ["other"]),
        ("unknown", "missing", AUDIT, ["new_drift"]),
        ("compliant", "unknown", AUDIT, ["other"]),
        ("unknown", "unknown", AUDIT, []),
        ("compliant", "not_found", AUDIT, ["other"]),
        ("not_found", "compliant", AUDIT, ["other"]),
        ("compliant", "ambiguous", AUDIT, ["other"]),
        ("compliant", "surplus", AUDIT, ["new_surplus"]),
        ("surplus", "surplus", AUDIT, []),
        ("surplus", "revoked", ENFORCEMENT, ["mended"]),
        ("not_found", "granted", ENFORCEMENT, ["mended"]),
        ("not_found", "not_found", AUDIT, []),
    ],
)
def test_what_changed_of_a_grant(before: str, after: str, mode: str, told: list[str]) -> None:
    found = changes([given(before)], [given(after)], mode)
    assert (list(named(found)), found["since"]) == (told, night(1))


def test_a_change_names_the_grant_however_the_account_is_spelt() -> None:
    found = changes([given("missing", account=ROUTER.upper())], [given("compliant")], AUDIT)
    assert found["mended"] == [{"mailbox": "sales", "account": ROUTER, "right": "send_as"}]


def test_another_right_is_another_grant() -> None:
    found = changes([given("compliant")], [given("compliant"), given("missing", right="full_access")], AUDIT)
    assert found["new_drift"] == [{"mailbox": "sales", "account": ROUTER, "right": "full_access"}]


def test_mailboxes_come_and_go() -> None:
    found = changes([given("compliant"), given("compliant", "old")], [given("compliant"), given("granted", "new")])
    assert (found["mailboxes_added"], found["mailboxes_gone"]) == (["new"], ["old"])
    assert named(found) == {}


def test_a_right_that_is_wanted_no_more_or_newly_is_a_change() -> None:
    one, both = [given("compliant")], [given("compliant"), given("compliant", right="full_access")]
    key = {"mailbox": "sales", "account": ROUTER, "right": "full_access"}
    assert changes(both, one)["other"] == changes(one, both)["other"] == [key]


def test_rows_of_a_mailbox_that_came_or_went_are_told_once() -> None:
    found = changes([given("compliant"), given("not_found", "old")], [given("compliant"), given("not_found", "new")])
    assert (found["mailboxes_added"], found["mailboxes_gone"], found["other"]) == (["new"], ["old"], [])


def test_a_mailbox_with_surplus_only_neither_comes_nor_goes() -> None:
    surplus = given("surplus", "other", state="absent")
    there = changes([given("compliant")], [given("compliant"), surplus])
    gone = changes([given("compliant"), surplus], [given("compliant")])
    assert there["mailboxes_added"] == gone["mailboxes_gone"] == []


def test_a_mailbox_that_is_wanted_absent_now_is_not_gone() -> None:
    assert changes([given("compliant")], [given("revoked", state="absent")])["mailboxes_gone"] == []


EVERYWHERE = {"surplus_send_as": "the whole organisation"}
SURPLUS = given("surplus", "other", state="absent")


def test_surplus_that_has_no_row_any_more_is_mended_where_it_was_looked_for() -> None:
    found = changes([given("compliant"), SURPLUS], [given("compliant")], **EVERYWHERE)
    assert named(found) == {"mended": ["other"]}


@pytest.mark.parametrize(
    ("surplus", "coverage"),
    [
        (SURPLUS, {}),
        (SURPLUS, {"retired_send_as": "the whole organisation"}),
        (SURPLUS, {"surplus_send_as": "the 2 mailboxes of the snapshot, no others"}),
        ({**SURPLUS, "account": "another@contoso.com"}, EVERYWHERE),
        ({**SURPLUS, "right": "full_access"}, {"surplus_full_access": "3 mailboxes, no others"}),
    ],
    ids=[
        "not looked for",
        "of retired accounts only",
        "on a part of the mailboxes",
        "not for that account",
        "not on that mailbox",
    ],
)
def test_surplus_that_was_not_looked_for_is_not_taken_for_mended(
    surplus: dict[str, Any], coverage: dict[str, str]
) -> None:
    found = changes([given("compliant"), surplus], [given("compliant")], **coverage)
    assert named(found) == {"other": [surplus["mailbox"]]}


def surplus_nights(*nights_of_rows: list[dict[str, Any]]) -> list[Document]:
    """A report for each night, each following the one before; surplus is looked for everywhere."""
    reports: list[Document] = []
    for number, rows in enumerate(nights_of_rows, 1):
        made = result(given("compliant"), *rows)
        made["coverage"] |= EVERYWHERE
        reports.append(report(made, night(number), reports[-1] if reports else None))
    return reports


FAILED_SEARCH = given("unknown", "the whole organisation", address="", state="absent")


def told_of(reports: list[Document]) -> list[dict[str, list[str]]]:
    return [named(each["changes"]) for each in reports if each["changes"]]


def test_surplus_is_not_new_after_nights_in_which_it_could_not_be_looked_for() -> None:
    made = surplus_nights([SURPLUS], [FAILED_SEARCH], [FAILED_SEARCH], [SURPLUS], [])
    assert [[row["mailbox"] for row in each["surplus_unseen"]] for each in made] == [[], ["other"], ["other"], [], []]
    known_again = {"other": ["the whole organisation"]}
    assert told_of(made) == [{"other": [*known_again["other"], "other"]}, {}, known_again, {"mended": ["other"]}]
    assert [row["since"] for row in made[3]["rows"] if row["mailbox"] == "other"] == [night(1)]


def test_surplus_that_went_while_it_could_not_be_looked_for_is_mended() -> None:
    made = surplus_nights([SURPLUS], [FAILED_SEARCH], [])
    assert told_of(made)[1]["mended"] == ["other"]
    assert made[2]["surplus_unseen"] == []


def test_a_search_that_failed_for_one_account_says_nothing_of_another() -> None:
    another = {**FAILED_SEARCH, "account": "another@contoso.com"}
    assert told_of(surplus_nights([SURPLUS], [another])) == [{"mended": ["other"], "other": [another["mailbox"]]}]


def test_surplus_of_full_access_is_mended_on_a_mailbox_that_was_looked_at() -> None:
    surplus = given("surplus", right="full_access", state="absent")
    found = changes([given("compliant"), surplus], [given("compliant")], surplus_full_access="1 mailboxes, no others")
    assert named(found) == {"mended": ["sales"]}


def test_surplus_of_full_access_is_not_mended_on_a_mailbox_that_has_left_the_list() -> None:
    """Send As there is seen all the same, Full Access is not looked for."""
    coverage = {**EVERYWHERE, "surplus_full_access": "1 mailboxes, no others"}
    before = [given("compliant"), given("surplus", "old", right="full_access", state="absent")]
    found = changes(before, [given("compliant"), given("surplus", "old", state="absent")], **coverage)
    assert named(found) == {"new_surplus": ["old"], "other": ["old"]}


def since(reports: list[Document]) -> list[int]:
    """The nights since which."""
    return [int(each["rows"][0]["since"][8:10]) for each in reports]


def test_since_is_carried_while_the_outcome_lasts() -> None:
    outcomes = ["missing", "missing", "granted", "compliant", "compliant", "missing", "compliant"]
    assert since(nights(outcomes)) == [1, 1, 3, 4, 4, 6, 7]


def standing(reports: list[Document]) -> list[str]:
    """What is last known, and the night since which."""
    rows = [each["rows"][0] for each in reports]
    return [f"{row['standing']} {int(row['standing_since'][8:10])}" for row in rows]


def test_a_night_in_which_nothing_is_known_changes_nothing_of_what_is_last_known() -> None:
    made = nights(["unknown", "not_found", "unknown", "unknown", "not_found", "compliant"])
    assert standing(made) == ["unknown 1", *["not_found 2"] * 4, "compliant 6"]
    assert since(made) == [1, 2, 3, 3, 2, 6]


@pytest.mark.parametrize(
    ("outcomes", "told"),
    [
        (["missing", "unknown", "a:missing"], {"other": ["sales"]}),
        (["compliant", "unknown", "a:missing"], {"new_drift": ["sales"], "regranted": ["sales"]}),
        (["missing", "unknown", "a:compliant"], {"mended": ["sales"]}),
        (["pending", "unknown", "pending"], {"still_pending": ["sales"]}),
        (["pending", "a:missing", "a:missing"], {"still_pending": ["sales"]}),
    ],
)
def test_what_changed_is_told_against_what_is_last_known(outcomes: list[str], told: dict[str, list[str]]) -> None:
    found = nights(outcomes)[-1]["changes"]
    assert found is not None
    assert named(found) == told


def test_a_write_that_an_audit_cannot_see_yet_is_pending_still() -> None:
    made = nights(["pending", "a:missing", "pending", "a:unknown", "a:missing", "a:compliant", "a:missing"])
    assert standing(made) == [*["pending 1"] * 5, "compliant 6", "missing 7"]


def test_what_is_to_be_taken_back_now_was_not_pending_to_be_given() -> None:
    first = report(result(given("pending")), night(1))
    second = report(result(given("unwanted", state="absent"), mode=AUDIT), night(2), first)
    assert standing([first, second]) == ["pending 1", "unwanted 2"]
    taken = report(result(given("pending", state="absent")), night(1))
    assert standing([report(result(given("unwanted"), mode=AUDIT), night(2), taken)]) == ["pending 1"]


@pytest.mark.parametrize(
    ("outcomes", "counted"),
    [
        (["granted", "granted", "granted", "granted"], [0, 1, 2, 3]),
        (["missing", "granted", "granted"], [0, 0, 1]),
        (["granted", "granted", "compliant", "compliant", "granted"], [0, 1, 1, 0, 1]),
        (["compliant", "compliant", "granted", "compliant"], [0, 0, 1, 1]),
        (["granted", "granted", "compliant", "granted"], [0, 1, 1, 2]),
        (["granted", "a:missing", "granted", "a:missing", "granted"], [0, 1, 1, 2, 2]),
        (["granted", "a:compliant", "granted", "a:compliant", "granted"], [0, 0, 1, 1, 2]),
        (["granted", "granted", "a:compliant", "a:compliant"], [0, 1, 1, 0]),
        (["granted", "granted", "unknown", "granted"], [0, 1, 1, 2]),
        (["granted", "unknown", "a:unknown", "granted"], [0, 0, 0, 1]),
        (["granted", "pending", "pending", "granted"], [0, 1, 1, 1]),
        (["pending", "granted", "compliant"], [0, 0, 0]),
        (["granted", "granted", "denied", "denied", "granted"], [0, 1, 2, 2, 2]),
        (["granted", "granted", "refused", "granted", "granted"], [0, 1, 2, 2, 3]),
    ],
)
def test_what_is_gone_again_report_after_report_is_counted(outcomes: list[str], counted: list[int]) -> None:
    assert [each["rows"][0]["regranted"] for each in nights(outcomes)] == counted


def test_what_is_wanted_absent_is_never_granted_again() -> None:
    first = report(result(given("compliant")), night(1))
    second = report(result(given("unwanted", state="absent")), night(2), first)
    assert second["rows"][0]["regranted"] == 0
