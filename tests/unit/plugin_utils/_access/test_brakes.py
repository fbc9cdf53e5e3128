# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brakes: what a limit comes to, and when it holds a run back."""

from __future__ import annotations

import pytest
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.brakes import Brakes, Limit
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import (
    Facts,
    Grant,
    State,
    Want,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.plan import Step, Verb
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right

from .._exchange.sessions import ACCOUNT, SALES

NOTHING = Facts(allowed=False, denied=False, inherited=False)


def steps(grants: int, revocations: int) -> list[Step]:
    want = Want("sales", Grant(SALES, ACCOUNT, Right.SEND_AS), State.PRESENT, "router")
    return [Step(want, Verb.GRANT, NOTHING)] * grants + [Step(want, Verb.REVOKE, NOTHING)] * revocations


@pytest.mark.parametrize(
    ("text", "mailboxes", "number"),
    [("10", 3, 10), ("0", 100, 0), ("5%", 300, 15), ("5 %", 30, 1), ("5%", 19, 0), ("100%", 7, 7)],
)
def test_a_limit_is_a_number_or_a_share_of_the_mailboxes_rounded_down(text: str, mailboxes: int, number: int) -> None:
    assert Limit(text).of(mailboxes) == number


@pytest.mark.parametrize("text", ["", "many", "-1", "1.5", "101%", "%", "5 per cent"])
def test_a_limit_that_is_neither_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither a number nor a per cent"):
        Limit(text)


def test_a_run_within_its_limits_is_not_held_back() -> None:
    assert Brakes(Limit("2"), Limit("1")).why_not(steps(2, 1), mailboxes=10) == ""


def test_grants_and_revocations_are_counted_apart() -> None:
    assert (
        Brakes(Limit("2"), Limit("5")).why_not(steps(3, 5), 10)
        == "3 writes are called for where max_grants (role: mailbox_delegation_max_grants) allows 2"
    )
    assert "mailbox_delegation_max_revocations) allows 5" in Brakes(Limit("3"), Limit("5")).why_not(steps(3, 6), 10)


def test_without_a_limit_nothing_is_held_back() -> None:
    assert Brakes().why_not(steps(1000, 1000), 10) == ""


def test_a_share_is_told_with_what_it_is_a_share_of() -> None:
    assert "allows 1 (5% of 30 mailboxes)" in Brakes(revocations=Limit("5%")).why_not(steps(0, 2), 30)
