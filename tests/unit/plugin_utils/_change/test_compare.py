# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a row between two plans, and which two plans are no pair."""

from __future__ import annotations

from typing import Any, Union

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._change.compare import (
    Kind,
    NotComparable,
    difference,
    what_it_does,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.document import PlannedRow

from .samples import LACKING, gone, missing, plan, problem, row, surplus, unseen, unwanted

Row = Union[PlannedRow, None]

#: What the target branch has, what the change has, and what is told of it.
TABLE: dict[str, tuple[Row, Row, Union[Kind, None]]] = {
    "wanted from now on and not held": (None, missing(), Kind.ADDED),
    "absent before, wanted and not held": (gone(), missing(), Kind.ADDED),
    "wanted from now on and held": (None, row(), Kind.HELD),
    "surplus before, wanted and held": (surplus(), row(), Kind.HELD),
    "absent from now on and held": (row(), unwanted(), Kind.REMOVED),
    "absent from now on and held, though nobody spoke of it": (None, unwanted(), Kind.REMOVED),
    "surplus that is taken back from now on": (surplus(), unwanted(), Kind.REMOVED),
    "absent from now on and not held": (missing(), gone(), Kind.NOT_GRANTED),
    "absent from now on, of which nobody spoke": (None, gone(), Kind.ABSENT),
    "off the list, held, and nobody looks for surplus": (row(), None, Kind.LEFT),
    "off the list, held, and found as surplus": (row(), surplus(), Kind.LEFT),
    "off the list, not held": (missing(), None, Kind.NOT_GRANTED),
    "off the list, absent until now and held": (unwanted(), None, Kind.NOT_REVOKED),
    "off the list, absent until now and not held": (gone(), None, None),
    "to be taken back before, wanted now": (unwanted(), row(), Kind.NOT_REVOKED),
    "to be taken back before, reported now": (unwanted(), surplus(), Kind.NOT_REVOKED),
    "surplus that was not looked for before": (None, surplus(), Kind.SURPLUS),
    "surplus in both": (surplus(), surplus(), None),
    "surplus that is not looked for any more": (surplus(), None, None),
    "drift of others": (missing(), missing(), None),
    "what others want absent and is held": (unwanted(), unwanted(), None),
    "as wanted in both": (row(), row(), None),
    "a day on which it ends": (row(), row(until="2026-12-31"), Kind.OTHER_TERMS),
    "another account that must hold it first": (unwanted(), unwanted(after=["S-1"]), Kind.OTHER_TERMS),
    "a mailbox that does not exist": (None, problem(), Kind.PROBLEM),
    "a mailbox of others that does not exist": (problem(), problem(), None),
    "another reason for what others have": (problem(), problem(cause="moved"), None),
    "wanted now where a Deny stands": (gone(), problem(outcome="denied", before="denied"), Kind.PROBLEM),
    "a problem that becomes another": (problem(), problem(outcome="ambiguous"), Kind.PROBLEM),
    "a problem that is taken off the list": (problem(), None, Kind.MENDED),
    "what could not be read": (None, problem(outcome="unknown", cause="timed out"), Kind.PROBLEM),
    "wanted on a mailbox that the snapshot lacks": (None, unseen(), Kind.ADDED),
    "absent on a mailbox that the snapshot lacks": (None, unseen(state="absent"), Kind.UNSEEN),
    "wanted absent by others there, wanted now": (unseen(state="absent"), unseen(), Kind.ADDED),
    "what others want of a mailbox that the snapshot lacks": (unseen(), unseen(), None),
    "a day on which it ends there": (unseen(until="2026-12-31"), unseen(), Kind.OTHER_TERMS),
    "a day on which it ends, where others left a problem": (problem(), problem(until="2026-12-31"), Kind.OTHER_TERMS),
}


@pytest.mark.parametrize("case", TABLE)
def test_what_becomes_of_a_row(case: str) -> None:
    was, now, kind = TABLE[case]
    found = difference(plan(*([now] if now else [])), plan(*([was] if was else [])))
    assert [change.kind for change in found.changes] == ([kind] if kind else [])


@pytest.mark.parametrize("case", [name for name, (was, now, _kind) in TABLE.items() if was and now])
def test_nothing_is_told_of_what_is_the_same(case: str) -> None:
    _was, now, _kind = TABLE[case]
    assert now
    assert difference(plan(now), plan(now)).changes == ()


def test_what_the_snapshot_lacks_is_marked_and_is_no_problem() -> None:
    found = difference(plan(unseen(), missing("info@contoso.com")), plan())
    assert [(each.row["mailbox"], each.kind, each.unseen) for each in found.changes] == [
        ("info@contoso.com", Kind.ADDED, False),
        ("sales@contoso.com", Kind.ADDED, True),
    ]


def test_a_host_with_another_name_is_the_same_mailbox() -> None:
    assert difference(plan(row(mailbox="info", address="Sales@contoso.com")), plan(row())).changes == ()


def test_a_host_that_stands_for_another_mailbox_is_two_changes() -> None:
    before, after = row("info", address="info@contoso.com"), missing("info", address="new@contoso.com")
    found = difference(plan(after), plan(before))
    assert {each.kind: each.row["address"] for each in found.changes} == {
        Kind.LEFT: "info@contoso.com",
        Kind.ADDED: "new@contoso.com",
    }


def test_each_account_and_right_is_its_own() -> None:
    found = difference(plan(row(), missing(right="full_access"), missing(account="other@contoso.com")), plan(row()))
    assert [(each.row["account"], each.row["right"]) for each in found.of(Kind.ADDED)] == [
        ("crmrouter@contoso.com", "full_access"),
        ("other@contoso.com", "send_as"),
    ]


def test_of_rows_for_the_same_what_stands_in_the_way_counts() -> None:
    """Two hosts that are one mailbox, of which they say different things."""
    conflict = problem("info", address="sales@contoso.com", outcome="ambiguous")
    for rows in ((row(), conflict), (conflict, row())):
        assert [each.kind for each in difference(plan(*rows), plan(row())).changes] == [Kind.PROBLEM]


def test_what_holds_back_surplus_that_the_snapshot_lacks_is_no_revocation() -> None:
    blank = problem("the whole organisation", address="", outcome="unknown", state="absent", cause=f"x: {LACKING}")
    (found,) = difference(plan(blank), plan()).changes
    assert (found.kind, found.unseen) == (Kind.UNSEEN, True)


def test_another_setting_is_a_change() -> None:
    found = difference(plan(row(), settings={"auto_mapping": True}), plan(row()))
    assert found.settings == ("auto_mapping: false → true",)


NO_PAIR: dict[str, tuple[dict[str, Any], str]] = {
    "another organisation": ({"organization": "fabrikam.onmicrosoft.com"}, "different organisations"),
    "no snapshot": ({"rehearsal": False, "snapshot_taken": ""}, "one of the two plans was made on a snapshot"),
    "another snapshot": ({"snapshot_taken": "2026-10-01T00:00:00Z"}, "different snapshots"),
}


@pytest.mark.parametrize("case", NO_PAIR)
def test_plans_that_are_no_pair_are_refused(case: str) -> None:
    otherwise, message = NO_PAIR[case]
    for one, other in ((plan(row(), **otherwise), plan(row())), (plan(row()), plan(row(), **otherwise))):
        with pytest.raises(NotComparable, match=message):
            difference(one, other)


def test_organisations_are_the_same_whatever_their_case() -> None:
    assert difference(plan(row(), organization="CONTOSO.onmicrosoft.com"), plan(row())).changes == ()


def test_a_plan_alone_is_what_it_writes_and_what_is_in_its_way() -> None:
    rows = [row("a"), missing("b"), unwanted("c"), problem("d"), unseen("e"), surplus("f"), gone("g")]
    found = what_it_does(plan(*rows))
    assert {each.row["mailbox"]: each.kind for each in found.changes} == {
        "b": Kind.ADDED,
        "c": Kind.REMOVED,
        "d": Kind.PROBLEM,
        "e": Kind.UNSEEN,
        "f": Kind.SURPLUS,
    }
    assert (found.as_wanted, [each.row["mailbox"] for each in found.unseen]) == (2, ["e"])
