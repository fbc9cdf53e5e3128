# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change as the comment of a pull request: no name in it is more than a name, and it always fits."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._change.compare import (
    difference,
    what_it_does,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._change.markdown import LIMIT, render
from markdown_it import MarkdownIt

from .samples import ROUTER, gone, missing, plan, problem, row, surplus, unseen, unwanted

HOSTILE = (
    "<img src=x onerror=alert(1)>@contoso.com",
    "| a | b |@contoso.com",
    "`whoami`@contoso.com",
    "[click](javascript:alert(1))@contoso.com",
    "@everyone@contoso.com",
    "two\nlines\n# heading@contoso.com",
    "\u202egro.live@contoso.com",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_a_cell_of_the_table_and_nothing_else(name: str) -> None:
    plain, hostile = (
        MarkdownIt("gfm-like", {"html": True}).parse(
            render(difference(plan(missing(one), problem(f"{one}2", account=one, cause=one)), plan()))
        )
        for one in ("sales@contoso.com", name)
    )
    assert [token.type for token in hostile] == [token.type for token in plain]
    kinds = {child.type for token in hostile for child in token.children or ()}
    assert kinds <= {"text", "code_inline", "strong_open", "strong_close", "softbreak"}


def test_it_says_the_change_and_what_was_held_against_what() -> None:
    after, before = plan(missing("new@contoso.com"), row()), plan(row())
    text = render(difference(after, before))
    assert text.startswith("## Mailbox access: this change can be done\n\n**This change: +1 Send As, -0**\n")
    assert f"| Plan | `{after['hashes']['plan']}` |" in text
    assert f"| Held against | `{before['hashes']['plan']}` |" in text
    assert "| On | a snapshot taken `2026-11-01T00:00:00Z` |" in text
    assert f"| `{ROUTER}` | Send As | 1 | 0 |" in text
    assert (
        f"### To be granted (1)\n\n| Mailbox | Account | Right | |\n|---|---|---|---|\n| `new@contoso.com` | `{ROUTER}`"
        in text
    )
    assert "To approve" not in text
    assert "sales@contoso.com" not in text


def test_the_heading_says_what_would_hold_it_back_and_what_nobody_has_seen() -> None:
    braked = plan(missing("new@contoso.com"), held_back="1 write is called for where max_grants allows 0")
    assert render(difference(braked, plan())).startswith("## Mailbox access: this change would be held back\n")
    assert "this change can be done, as far as the snapshot shows\n" in render(difference(plan(unseen("a")), plan()))
    told = render(what_it_does(plan(missing("billing", address="ann@contoso.com", until="2026-12-31", reason="fair"))))
    assert f"| ` billing (ann@contoso.com) ` | `{ROUTER}` | Send As | until 2026-12-31, fair |" in told


def test_a_plan_on_the_organisation_says_which_digest_is_approved() -> None:
    made = plan(missing(), rehearsal=False, snapshot_taken="", application="app")
    text = render(what_it_does(made))
    assert f"To approve it is to approve the plan with the digest `{made['hashes']['plan']}`, no other." in text
    assert "| Signed in as | app |" in text


def test_problems_are_in_the_title() -> None:
    assert render(what_it_does(plan(problem()))).startswith("## Mailbox access: this plan has problems\n")


def test_ten_thousand_rows_fit_and_are_counted() -> None:
    rows = [missing(f"box{number}@contoso.com") for number in range(10_000)]
    text = render(what_it_does(plan(*rows)))
    assert len(text) < 5_000
    assert "\nand 9980 more\n" in text


def test_the_longest_texts_fit_and_what_is_left_out_is_named() -> None:
    long = "`" * 3_000
    names = [f"{number}{long}" for number in range(30)]
    kinds = {"a": missing, "b": unwanted, "c": problem, "d": surplus}
    rows = [make(f"{kind}{name}", account=name, cause=long) for kind, make in kinds.items() for name in names]
    more = [gone(f"gone{number}{long}", account=long) for number in range(30)]
    text = render(difference(plan(*rows, *more), plan()))
    assert len(text) <= LIMIT
    assert "**Left out here, where there is no room for more:**" in text
