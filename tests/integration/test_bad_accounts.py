# Copyright (c) 2026, email_router.exchange_online contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account that cannot be used ends the run before the first write; to lose something it may be anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.email_router.exchange_online.tests.simulator.host import HostOptions
from ansible_collections.email_router.exchange_online.tests.simulator.simulator import SimulatorOptions

from .harness import Run
from .stage import EVERYTHING, SEND_AS, Exhibit, Stage, Transport, contoso

SALES = "sales@contoso.com"
ORPHAN = "S-1-5-21-1004336348-1177238915-682003330-2000"
PLAIN_GROUP = "11111111-aaaa-4bbb-8ccc-222222222222"
#: Who may no longer hold anything, and holds something.
HOLDERS = ("retired@contoso.com", "no.mailbox@contoso.com", PLAIN_GROUP)
HELD_BY_MANY = [{"sid": ORPHAN}, *({"trustee": account} for account in HOLDERS)]
RECIPIENTS = (
    {"address": SALES},
    {"kind": "UserMailbox", "address": "shared.name@contoso.com", "upn": "first@contoso.com"},
    {"kind": "User", "upn": "shared.name@contoso.com"},
    {"kind": "MailContact", "address": "partner@contoso.com"},
    {"kind": "MailUniversalDistributionGroup", "address": "list@contoso.com"},
    {"kind": "UniversalSecurityGroup", "name": "Plain Group", "guid": PLAIN_GROUP},
    {"kind": "User", "upn": "no.mailbox@contoso.com"},
    {"kind": "UserMailbox", "address": "retired@contoso.com", "account_disabled": True},
    {"address": "old.queue@contoso.com", "send_as": HELD_BY_MANY, "full_access": HELD_BY_MANY},
)
CANNOT_HOLD = "so it cannot be granted anything (name a mailbox user, a mail user with an account, or a mail-enabled"
#: The account, and what the message says of it.
BAD = {
    "not found": ("nobody@contoso.com", "no user or group of this name exists (check how it is written; if it was"),
    "ambiguous": (
        "shared.name@contoso.com",
        "it may be any of first@contoso.com (UserMailbox), shared.name@contoso.com (User) (name the account by its",
    ),
    "a contact": (
        "partner@contoso.com",
        "it is of the kind MailContact, which is no account (name a user or a mail-enabled security group)",
    ),
    "a distribution group": ("list@contoso.com", CANNOT_HOLD),
    "a plain security group": (PLAIN_GROUP, CANNOT_HOLD),
    "a user without mail": ("no.mailbox@contoso.com", CANNOT_HOLD),
    "the SID of nobody": (ORPHAN, CANNOT_HOLD),
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    options = SimulatorOptions(host=HostOptions(pwsh=None))
    with Stage(tmp_path_factory.mktemp("accounts"), contoso(*RECIPIENTS), Transport.LOCAL, options=options) as stage:
        yield stage


def profiles(account: str) -> dict[str, dict[str, Any]]:
    """A good profile beside the one in question: nothing of it is done either."""
    return {"router": SEND_AS, "other": {"account": account, "rights": EVERYTHING["rights"]}}


@pytest.fixture(scope="module")
def exhibition(stage: Stage) -> Run:
    both = ["router", "other"]
    tasks = {name: stage.task(profiles=profiles(account), profile=both) for name, (account, _says) in BAD.items()}
    return stage.exhibit({name: Exhibit(task) for name, task in tasks.items()})


@pytest.mark.parametrize("name", BAD)
def test_an_account_that_cannot_be_granted_anything_ends_the_run(stage: Stage, exhibition: Run, name: str) -> None:
    account, says = BAD[name]
    result = exhibition.task(name)
    assert result.status == "failed"
    assert f"account {account.lower()}: " in result.result["msg"]
    assert says in result.result["msg"]
    assert says in exhibition.text, "the message shows"
    assert not result.result.get("changed")
    assert stage.writes == []


@pytest.mark.usefixtures("exhibition")
def test_whatever_it_is_an_account_can_lose_what_it_holds(stage: Stage) -> None:
    wanted = {account: {"account": account, "rights": ["send_as"]} for account in (ORPHAN, *HOLDERS)}
    before = len(stage.writes)
    hosts = {"old.queue@contoso.com": {"mailbox_delegation_state": "absent"}}
    run = stage.ensure(hosts, profiles=wanted, profile=list(wanted))
    assert run.status == 0, run.output
    assert run.access["summary"]["revoked"] == len(stage.writes) - before == 8
    for right in ("send_as", "full_access"):
        assert stage.tenant.holders("old.queue@contoso.com", right) == set()
