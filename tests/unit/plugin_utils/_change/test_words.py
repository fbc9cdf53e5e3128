# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change in a sentence and in lists, which stay short whatever the number of rows."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._change.compare import (
    difference,
    what_it_does,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._change.words import (
    ROWS,
    lines,
    printable,
    sentence,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.document import PlannedRow

from .samples import ROUTER, gone, missing, plan, problem, row, surplus, unseen, unwanted

BOTH = ("send_as", "full_access")
SENTENCES: dict[str, tuple[list[PlannedRow], list[PlannedRow], str]] = {
    "nothing": ([row()], [row()], "This change: +0, -0; nothing is wanted otherwise"),
    "grants": (
        [missing(name, right=right) for name in ("a", "b") for right in BOTH] + [missing("c")],
        [],
        "This change: +3 Send As, +2 Full Access, -0",
    ),
    "revocations": ([unwanted(), missing("b", right="send_on_behalf")], [row()], "+1 Send on Behalf, -1 Send As"),
    "held": ([row()], [], "This change: +0, -0; 1 held already"),
    "left": ([], [row("a"), row("b")], "This change: +0, -0; 2 left as surplus"),
    "absent": ([gone()], [], "+0, -0; 1 wanted absent and not held"),
    "dropped": ([], [missing("a"), unwanted("b")], "+0, -0; 1 not granted any more; 1 not taken back any more"),
    "terms": ([row(until="2026-12-31")], [row()], "+0, -0; 1 with other terms"),
    "mended": ([], [problem()], "+0, -0; 1 not in the way any more"),
    "surplus": ([surplus()], [], "+0, -0; 1 reported as surplus"),
    "unseen": (
        [unseen(), missing("b")],
        [],
        "This change: +2 Send As, -0; 1 to be seen by the plan, for the snapshot does not hold the mailbox",
    ),
    "problem": (
        [problem(), missing("b")],
        [],
        f"This change: +1 Send As, -0; 1 problem that the base has not, the first: sales@contoso.com, {ROUTER}, "
        "Send As: not found, no recipient has this address",
    ),
}


@pytest.mark.parametrize("case", SENTENCES)
def test_a_change_in_a_sentence(case: str) -> None:
    after, before, words = SENTENCES[case]
    assert sentence(difference(plan(*after), plan(*before))).endswith(words)


def test_a_setting_in_the_sentence() -> None:
    found = difference(plan(row(), settings={"auto_mapping": True}), plan(row()))
    assert sentence(found) == "This change: +0, -0; auto_mapping: false → true"


def test_a_plan_in_a_sentence() -> None:
    found = what_it_does(plan(row("a"), missing("b"), unwanted("c"), surplus("d")))
    assert sentence(found) == "This plan: +1 Send As, -1 Send As; 1 as wanted; 1 reported as surplus"


def test_lists_name_each_row_with_what_there_is_to_say_of_it() -> None:
    found = difference(plan(missing("a"), unseen("b"), row("c", until="2026-12-31"), problem("d")), plan(row("c")))
    assert lines(found) == [
        f"To be granted (2): 2 Send As for {ROUTER}",
        f"  a, {ROUTER}, Send As",
        f"  b, {ROUTER}, Send As: to be seen by the plan",
        f"In the way (1): 1 Send As for {ROUTER}",
        f"  d, {ROUTER}, Send As: not found, no recipient has this address",
        f"Wanted until another time, or after other accounts (1): 1 Send As for {ROUTER}",
        f"  c, {ROUTER}, Send As: until 2026-12-31",
    ]


def test_a_host_that_bears_another_name_than_its_mailbox_is_told_with_the_address() -> None:
    names = {"billing@contoso.com": "ann.beck@contoso.com", "Sales@contoso.com": "sales@contoso.com"}
    rows = [missing(name, address=address) for name, address in sorted(names.items())]
    assert lines(what_it_does(plan(*rows)))[1:] == [
        f"  Sales@contoso.com, {ROUTER}, Send As",
        f"  billing@contoso.com (ann.beck@contoso.com), {ROUTER}, Send As",
    ]


def test_what_is_granted_for_a_time_or_a_reason_is_told_with_it() -> None:
    rows = [missing("a", until="2026-12-31", reason="ticket 4711"), unseen("b", reason="the fair")]
    assert lines(difference(plan(*rows), plan()))[1:] == [
        f"  a, {ROUTER}, Send As: until 2026-12-31, ticket 4711",
        f"  b, {ROUTER}, Send As: to be seen by the plan, the fair",
    ]


def test_what_a_brake_would_hold_back_is_said_in_the_sentence() -> None:
    held = plan(missing("a"), missing("b"), held_back="2 writes are called for where max_grants allows 1")
    told = "none of it would be written: 2 writes are called for where max_grants allows 1"
    assert sentence(what_it_does(held)) == f"This plan: +2 Send As, -0; {told}"
    assert sentence(difference(held, plan(missing("a")))) == f"This change: +1 Send As, -0; {told}"


def test_ten_thousand_rows_are_as_many_lines_as_a_person_reads() -> None:
    rows: list[Any] = [missing(f"box{number}", account=f"account{number % 50}") for number in range(9_988)]
    shown = lines(what_it_does(plan(*rows, *(missing(f"more{number}", account=ROUTER) for number in range(12)))))
    assert len(shown) == 1 + ROWS + 1
    assert shown[0].startswith("To be granted (10000): 200 Send As for account")
    assert shown[0].endswith(", and 31 more accounts and rights")
    assert shown[-1] == f"  and {10_000 - ROWS} more"


def test_what_a_terminal_obeys_is_not_printed() -> None:
    found = what_it_does(plan(missing("evil\x1b[2J\u202e@contoso.com")))
    assert lines(found)[1].startswith("  evil\ufffd[2J\ufffd@contoso.com")
    assert printable("zoë → 1") == "zoë → 1"
