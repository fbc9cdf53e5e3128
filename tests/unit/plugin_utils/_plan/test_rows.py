# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of plans: all that a run found and would do, each with who and what it is about."""

from __future__ import annotations

from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.desired import (
    MailboxItem,
    wishes_of,
)
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.engine import Scope
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.model import Profile, State
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.surplus import SurplusRule
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._access.terms import term_of
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._exchange.rights import Right
from ansible_collections.email_router.exchange_online.plugins.plugin_utils._plan.rows import rows_of

from .._access.runs import wishes
from .._exchange.sessions import ROUTER, mailbox, tenant_of
from .plans import decided_by

SALES, HELP, GONE, ELSEWHERE = (f"{name}@contoso.com" for name in ("sales", "help", "gone", "elsewhere"))
HEIR = "heir@contoso.com"


def test_a_row_says_what_is_wanted_what_was_seen_and_what_would_be_done() -> None:
    tenant = tenant_of(mailbox(SALES), mailbox(HELP, full_access=[ROUTER]))
    wanted = [*wishes([SALES]), *wishes([HELP], [Right.FULL_ACCESS], State.ABSENT)]
    revoked, granted = rows_of(decided_by(tenant, wanted))
    people = {one.address: one for one in tenant.organisation.recipients}
    assert granted == {
        "mailbox": SALES,
        "address": SALES,
        "guid": people[SALES].guid,
        "account": ROUTER,
        "account_key": people[ROUTER].guid,
        "right": "send_as",
        "state": "present",
        "until": "",
        "reason": "",
        "after": [],
        "before": "not held",
        "inherited": False,
        "entries": [],
        "action": "grant",
        "outcome": "missing",
        "cause": "",
    }
    assert (revoked["mailbox"], revoked["before"], revoked["action"], revoked["outcome"]) == (
        HELP, "held", "revoke", "unwanted"
    )  # fmt: skip
    assert revoked["entries"] == [[people[ROUTER].sid, "All"]]


def test_what_needs_no_write_and_what_could_not_be_worked_on_is_there_too() -> None:
    tenant = tenant_of(mailbox(SALES, send_as=[ROUTER]))
    gone, held = rows_of(decided_by(tenant, wishes([SALES, GONE])))
    assert (held["outcome"], held["action"], held["before"]) == ("compliant", "none", "held")
    assert (gone["outcome"], gone["action"], gone["guid"], gone["account_key"]) == ("not_found", "none", "", "")
    assert "no recipient" in gone["cause"]


def test_surplus_that_is_taken_back_has_rows_of_its_own() -> None:
    tenant = tenant_of(mailbox(SALES, send_as=[ROUTER]), mailbox(ELSEWHERE, send_as=[ROUTER]))
    wanted = wishes([SALES])
    rule = SurplusRule(wanted, 1, (ROUTER,), revoke=True, minimum=1)
    surplus, own = rows_of(decided_by(tenant, Scope(wanted, surplus=rule)))
    assert (surplus["mailbox"], surplus["state"], surplus["action"]) == (ELSEWHERE, "absent", "revoke")
    assert own["action"] == "none"


def test_a_revocation_names_the_accounts_that_come_before_it_and_the_end_of_a_grant() -> None:
    profile = Profile("new", HEIR, (Right.SEND_AS,), replaces=ROUTER)
    item = MailboxItem(SALES, SALES, ("new",), State.PRESENT, term_of("2027-01-31", "the fair"))
    tenant = tenant_of(mailbox(HEIR), mailbox(SALES, send_as=[ROUTER]))
    heir, router = rows_of(decided_by(tenant, wishes_of([item], {"new": profile})))
    assert (router["action"], router["after"]) == ("revoke", [heir["account_key"]])
    assert {heir["until"], router["until"]} == {"2027-01-31"}


def test_wishes_that_meet_the_same_grant_are_one_row_and_those_that_contradict_each_other_stay_two() -> None:
    tenant = tenant_of(mailbox(SALES, aliases=["shop@contoso.com"]), mailbox(HELP))
    twice = wishes([SALES, "shop@contoso.com"])
    torn = [*wishes([HELP]), *wishes([HELP], state=State.ABSENT)]
    rows = rows_of(decided_by(tenant, [*twice, *torn]))
    assert [(one["mailbox"], one["state"], one["outcome"]) for one in rows] == [
        (HELP, "absent", "ambiguous"),
        (HELP, "present", "ambiguous"),
        (SALES, "present", "missing"),
    ]


def test_rows_are_sorted_whatever_the_order_of_the_wishes() -> None:
    tenant = tenant_of(mailbox(SALES), mailbox(HELP))
    wanted = wishes([SALES, HELP, GONE], list(Right))
    assert rows_of(decided_by(tenant, wanted)) == rows_of(decided_by(tenant, wanted[::-1]))
