# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mailbox_permission_info as a user runs it: both ways to look, with an identity that only reads."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.plugins.modules.mailbox_permission_info import EXAMPLES

from .conftest import SetStage
from .harness import OLDEST_AND_NEWEST
from .permissions import examples, looks, permissions, play, results
from .stage import MAILBOXES, ROUTER, Stage, contoso

SALES, SUPPORT, LIST, EVE = "sales@contoso.com", "support@contoso.com", "list@contoso.com", "eve@contoso.com"
GONE = "S-1-5-21-1004336348-1177238915-682003330-1107"
RECIPIENTS = (
    {"kind": "UserMailbox", "address": EVE, "display_name": "CRM Email Router"},
    {
        "address": SALES,
        "send_as": [ROUTER, {"trustee": EVE, "deny": True}, {"sid": GONE}],
        "full_access": [{"sid": GONE}, {"trustee": ROUTER, "inherited": True}],
        "send_on_behalf": [ROUTER],
    },
    {"address": SUPPORT, "full_access": [ROUTER]},
    {"kind": "MailUniversalDistributionGroup", "address": LIST, "send_as": [ROUTER]},
)
ON_SALES = [
    f"{SALES} full_access {ROUTER} inherited",
    f"{SALES} full_access {GONE} orphan",
    f"{SALES} send_as {ROUTER}",
    f"{SALES} send_as {EVE} deny",
    f"{SALES} send_as {GONE} orphan",
    f"{SALES} send_on_behalf {ROUTER}",
]
OF_ROUTER = [
    f"{LIST} send_as {ROUTER}",
    f"{SALES} full_access {ROUTER} inherited",
    f"{SALES} send_as {ROUTER}",
    f"{SALES} send_on_behalf {ROUTER}",
    f"{SUPPORT} full_access {ROUTER}",
]
OF_GONE = [row for row in ON_SALES if GONE in row]


def reading(set_stage: SetStage, **stage: Any) -> Stage:
    """A stage for an application whose role holds no cmdlet that writes."""
    return set_stage(contoso(*RECIPIENTS, apps=[{"role": "audit"}]), **stage)


@pytest.mark.parametrize("core", OLDEST_AND_NEWEST)
def test_holders_of_mailboxes_and_holdings_of_accounts_are_shown_to_one_who_only_reads(
    set_stage: SetStage, core: str
) -> None:
    stage = reading(set_stage, core=core)
    run = play(
        stage,
        looks(mailboxes=[SALES]),
        {**looks(trustees=[ROUTER, GONE], all_mailboxes=True), "check_mode": True},
        looks(all_mailboxes=True),
    )
    assert run.status == 0, run.output
    holders, holdings, everything = results(run)
    assert permissions(holders) == ON_SALES
    assert permissions(holdings) == sorted([*OF_ROUTER, *OF_GONE], key=str.lower)
    assert permissions(everything) == [OF_ROUTER[0], *ON_SALES, OF_ROUTER[-1]]
    assert holdings["coverage"] == {
        "send_as": "the whole organisation",
        "full_access": "4 of 4 mailboxes",
        "send_on_behalf": "the whole organisation",
    }
    assert everything["statistics"]["calls"]["Get-RecipientPermission"] == 1
    assert not run.changed
    assert stage.writes == []


def test_a_row_says_what_each_entry_is(set_stage: SetStage) -> None:
    stage = reading(set_stage)
    run = play(
        stage, looks(mailboxes=["Sales@contoso.com"], rights=["full_access"], include_self=True), hosts=MAILBOXES
    )
    (result,) = results(run)
    own = next(row for row in result["permissions"] if row["self"])
    orphan = next(row for row in result["permissions"] if row["orphan"])
    assert own["trustee"] == "NT AUTHORITY\\SELF"
    assert orphan == {
        "mailbox": "Sales@contoso.com",
        "address": SALES,
        "kind": "SharedMailbox",
        "right": "full_access",
        "trustee": GONE,
        "sid": GONE,
        "access": "allow",
        "inherited": False,
        "inheritance_type": "All",
        "orphan": True,
        "self": False,
    }
    assert stage.tenant.sign_ins == 1


def test_what_cannot_be_read_fails_the_task_or_is_left_to_the_playbook(set_stage: SetStage) -> None:
    stage = reading(set_stage)
    options = {"mailboxes": ["nobody@contoso.com", SALES], "trustees": ["who@contoso.com", ROUTER]}
    run = play(stage, looks(**options, on_failure="report"), looks(**options))
    assert run.status == 2
    assert "not read: 2, the first nobody@contoso.com: no recipient has this address (check the address)" in run.text
    reported, failed = results(run)
    for result in (reported, failed):
        assert [(gap["mailbox"], gap["trustee"]) for gap in result["unresolved"]] == [
            ("nobody@contoso.com", ""),
            ("", "who@contoso.com"),
        ]
        assert permissions(result) == [row for row in OF_ROUTER if SUPPORT not in row]
        assert result["verdict"]["failed"] is True
        assert result["coverage"]["full_access"] == "1 of 2 mailboxes"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "there is nothing to look at: name mailboxes or trustees, or set all_mailboxes"),
        ({"mailboxes": [SALES], "all_mailboxes": True}, "mailboxes and all_mailboxes cannot be given together"),
        ({"trustees": [ROUTER], "rights": ["full_access"]}, "name mailboxes, or set all_mailboxes"),
        ({"trustees": ["The Router"]}, "an account is named by its user principal name"),
    ],
)
def test_options_that_cannot_be_meant_end_the_task_before_it_signs_in(
    set_stage: SetStage, options: dict[str, Any], says: str
) -> None:
    stage = reading(set_stage)
    run = play(stage, looks(**options))
    assert run.status == 2
    assert says in run.text
    assert stage.tenant.sign_ins == 0


def test_the_examples_show_what_they_say(set_stage: SetStage) -> None:
    stage = reading(set_stage)
    run = play(stage, *examples(stage, EXAMPLES), module_defaults={})
    assert run.status == 0, run.output
    holders, router, remains, senders = results(run)
    assert permissions(holders) == [*ON_SALES, OF_ROUTER[-1]]
    assert permissions(router) == OF_ROUTER
    assert permissions(remains) == [row for row in OF_GONE if "full_access" not in row]
    assert permissions(senders) == [OF_ROUTER[0], *(row for row in ON_SALES if "send_as" in row)]
