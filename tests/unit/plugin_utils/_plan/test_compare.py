# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan held against what is now: every row that is otherwise is told, in words, and nothing that is alike."""

from __future__ import annotations

import random
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.compare import (
    compare,
    is_done,
    is_unread,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.document import PlannedRow
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.words import differences

from .plans import CLOCK, HELD, NOT_FOUND, UNREAD, row

HEAD = "sales@contoso.com: Send As of router@contoso.com: "
UNWANTED: dict[str, Any] = {
    "state": "absent", "before": "held", "entries": [["S-1-5-21-1", "All"]], "action": "revoke", "outcome": "unwanted"
}  # fmt: skip
REVOKED: dict[str, Any] = {"state": "absent", "action": "none", "outcome": "compliant"}
#: The mailbox of a row, whatever it is called.
SAME = {"guid": "guid of sales@contoso.com", "address": "sales@contoso.com"}
SURPLUS: dict[str, Any] = {**UNWANTED, "guid": "", "account_key": "", "action": "none", "outcome": "surplus"}
#: How a row is otherwise, and the words for it.
OTHERWISE: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, HELD, "the plan saw not held, it is held now"),
    (HELD, {}, "the plan saw held, it is not held now"),
    (HELD, {**HELD, "before": "denied", "outcome": "denied"}, "the plan saw held, it is denied now"),
    ({}, UNREAD, "could not be read now: the read failed"),
    (UNREAD, HELD, "could not be read for the plan, it is held now"),
    (UNREAD, NOT_FOUND, "could not be read for the plan, it is not found now"),
    (HELD, NOT_FOUND, "the plan saw held, it is not found now"),
    (NOT_FOUND, {}, "the plan saw not found, it is not held now"),
    (
        {"until": "2026-11-27"},
        {"until": "2026-11-27", **REVOKED},
        "wanted present by the plan, absent by the inventory now (it was wanted until 2026-11-27 only)",
    ),
    (
        {"until": "2026-12-31"},
        {"until": "2026-12-31", **REVOKED},
        "wanted present by the plan, absent by the inventory now",
    ),
    (HELD, UNWANTED, "wanted present by the plan, absent by the inventory now"),
    (
        {},
        {"until": "2027-01-31"},
        "wanted without an end by the plan, until 2027-01-31 by the inventory now",
    ),
    (
        {"guid": "one"},
        {"guid": "two"},
        "the mailbox is another one now (GUID one by the plan, two now)",
    ),
    (
        {"account_key": "one"},
        {"account_key": "two", **HELD},
        "the account is another one now (one by the plan, two now); the plan saw not held, it is held now",
    ),
    ({"mailbox": "shop", **SAME}, {}, "called shop by the plan"),
    (
        {"after": ["one"]},
        {"after": ["one", "two"]},
        "the accounts that must hold it first are others than by the plan",
    ),
    (
        {},
        {"inherited": True},
        "the plan saw no inherited entry that gives it, there is an inherited entry that gives it now",
    ),
    (
        HELD,
        {**HELD, "entries": [["S-1-5-21-1", "All"], ["S-1-5-21-2", ""]]},
        "the plan saw it held by S-1-5-21-1 (All), it is by S-1-5-21-1 (All) and S-1-5-21-2 now",
    ),
    (SURPLUS, UNWANTED, "nothing to be done by the plan, to revoke by this run"),
    (UNWANTED, SURPLUS, "to revoke by the plan, nothing to be done by this run"),
    (
        {**REVOKED, "guid": "", "account_key": ""},
        REVOKED,
        "by the plan the mailbox is not there, and now it is there",
    ),
    (
        REVOKED,
        {**REVOKED, "guid": "", "account_key": ""},
        "by the plan the mailbox is there, and now it is not there",
    ),
    (
        {**NOT_FOUND, "address": "old@contoso.com"},
        NOT_FOUND,
        "its address is old@contoso.com by the plan, sales@contoso.com now",
    ),
    (NOT_FOUND, {**NOT_FOUND, "outcome": "ambiguous"}, "the plan saw not found, it is ambiguous now"),
]


def told(planned: list[PlannedRow], now: list[PlannedRow]) -> list[str]:
    return differences(compare(planned, now), {}, {}, CLOCK)


@pytest.mark.parametrize(("planned", "now", "words"), OTHERWISE)
def test_what_is_otherwise_is_said_in_words(planned: dict[str, Any], now: dict[str, Any], words: str) -> None:
    assert told([row(**planned)], [row(**now)]) == [HEAD + words]


def test_what_is_new_and_what_is_gone_is_told() -> None:
    assert told([], [row()]) == [HEAD + "not in the plan"]
    assert told([], [row(**UNREAD)]) == [HEAD + "could not be read now: the read failed"]
    assert told([row()], []) == [HEAD + "in the plan, and in the inventory no more, or left out by --limit"]
    assert told([row(**UNREAD)], []) == [HEAD + "could not be read for the plan, and is not there now"]
    gone = "in the plan, and now either in the inventory no more, left out by --limit, or not held any more"
    assert told([row(**UNWANTED)], []) == [HEAD + gone]


def test_a_row_is_held_against_that_of_the_same_mailbox_and_not_of_the_same_name() -> None:
    """Two hosts whose addresses were swapped are each of the other's mailbox now."""
    one, two = row("one", guid="1", address="one@contoso.com"), row("two", guid="2", address="two@contoso.com")
    swapped = [{**one, "mailbox": "two"}, {**two, "mailbox": "one"}]
    assert told([one, two], swapped) == [  # type: ignore[arg-type]
        "one: Send As of router@contoso.com: called two by the plan",
        "two: Send As of router@contoso.com: called one by the plan",
    ]


@pytest.mark.parametrize(
    "harmless",
    [
        {"cause": "told otherwise"},
        {"address": "Shop@contoso.com"},
        {"account": "Router@Contoso.com"},
        {"account": "renamed@contoso.com"},
        {"mailbox": "SALES@contoso.com", **SAME},
    ],
    ids=lambda one: next(iter(one)),
)
def test_other_words_for_the_same_thing_are_no_difference(harmless: dict[str, Any]) -> None:
    assert told([row(**HELD)], [row(**{**HELD, **harmless})]) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mailbox", "shop"),
        ("guid", "another"),
        ("account_key", "another"),
        ("right", "full_access"),
        ("state", "absent"),
        ("until", "2027-01-01"),
        ("after", ["another"]),
        ("before", "denied"),
        ("inherited", True),
        ("entries", [["S-1-5-21-9", ""]]),
        ("action", "none"),
        ("outcome", "compliant"),
    ],
)
def test_no_other_field_may_be_otherwise(name: str, value: Any) -> None:
    changed: Any = {**row(), name: value}
    assert len(told([row()], [changed])) == (2 if name == "right" else 1)
    assert len(told([changed], [row()])) == (2 if name == "right" else 1)


def test_neither_the_order_of_rows_nor_of_what_is_in_them_matters() -> None:
    entries = [["S-1-5-21-1", "All"], ["S-1-5-21-2", "None"]]
    rows = [row(f"box{number}", entries=entries, after=["a", "b"]) for number in range(20)]
    shuffled = [row(f"box{number}", entries=entries[::-1], after=["b", "a"]) for number in range(20)]
    random.Random(8).shuffle(shuffled)
    assert told(rows, shuffled) == []


def test_rows_that_are_alike_count_as_often_as_they_are_there() -> None:
    torn = [row(**{**NOT_FOUND, "outcome": "ambiguous", "state": state}) for state in ("present", "absent")]
    assert told(torn, torn[::-1]) == []
    assert told([*torn, torn[0]], torn) == [HEAD + "in the plan, and in the inventory no more, or left out by --limit"]
    assert told(torn, [*torn, torn[1]]) == [HEAD + "not in the plan"]


def test_what_terminals_obey_is_not_repeated() -> None:
    (said,) = told([], [row("sales\x1b[2J\n\u202egnp")])
    assert said.startswith("sales\ufffd[2J\ufffd\ufffdgnp: ")


def test_a_setting_that_writes_depend_on_is_compared() -> None:
    assert differences([], {"auto_mapping": False}, {"auto_mapping": True}, CLOCK) == [
        "auto_mapping: false by the plan, true now"
    ]
    assert differences([], {"new_one": True}, {}, CLOCK) == ["new_one: true by the plan, not there now"]
    assert differences([], {"auto_mapping": True}, {"auto_mapping": True}, CLOCK) == []


def done(planned: list[PlannedRow], now: list[PlannedRow]) -> bool:
    return is_done(compare(planned, now), now)


def test_a_plan_is_done_if_all_that_is_otherwise_is_that_its_writes_are_done() -> None:
    other = row("help@contoso.com", **HELD)
    assert done([row(), other], [row(**HELD), other])
    assert done([row(**UNWANTED)], [row(**REVOKED)])
    assert not done([other], [other])


@pytest.mark.parametrize(
    ("planned", "now"),
    [
        ([row(), row("b")], [row(**HELD), row("b")]),
        ([row(), row("b", **UNREAD)], [row(**HELD), row("b", **HELD)]),
        ([row(), row("b", **HELD)], [row(**HELD), row("b", **UNREAD)]),
        ([row()], [row(**{**HELD, "until": "2027-01-01"})]),
        ([row()], [row(**{**HELD, "guid": "another"})]),
        ([row()], [row(**{**HELD, "account_key": "another"})]),
        ([row()], [row(**{**HELD, "inherited": True})]),
        ([row()], [row(**{**HELD, "before": "denied", "outcome": "denied"})]),
        ([row()], [row(**REVOKED)]),
        ([row()], [row(**HELD), row("new", **HELD)]),
        ([row(), row("b", **UNWANTED)], [row(**HELD)]),
    ],
    ids=[
        "part of it",
        "unread for the plan",
        "unread now",
        "another end",
        "another mailbox",
        "another account",
        "inherited",
        "denied",
        "unwanted now",
        "a new row",
        "a row is gone",
    ],
)
def test_a_plan_is_not_done_if_anything_else_is_otherwise(planned: list[PlannedRow], now: list[PlannedRow]) -> None:
    assert not done(planned, now)


@pytest.mark.parametrize(
    ("planned", "now", "unread"),
    [
        ([row()], [row(**UNREAD)], True),
        ([row(**{**HELD, "inherited": True})], [row(**UNREAD)], True),
        ([], [row(**UNREAD)], True),
        ([row(**UNREAD)], [row()], False),
        ([row()], [row(**{**UNREAD, "state": "absent"})], False),
        ([row(), row("b")], [row(**UNREAD), row("b", **HELD)], False),
        ([row(), row("b")], [row(**UNREAD)], False),
        ([row()], [row()], False),
    ],
)
def test_what_could_not_be_read_is_told_from_what_is_otherwise(
    planned: list[PlannedRow], now: list[PlannedRow], unread: bool
) -> None:
    assert is_unread(compare(planned, now)) is unread
